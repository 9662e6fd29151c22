//! Where the writes of a request come from: from its body, else from its `traceparent` header.

use super::{ApplyGiven, ApplyRequest, BatchRequest, PutRequest, SaveRequest, UndeleteRequest, UndoRequest};
use crate::model::Origin;

/// A request that says where its writes come from.
pub trait Originated {
    /// What its body says.
    fn origin(&self) -> Origin;
    /// Says it.
    fn set_origin(&mut self, origin: Origin);
}

macro_rules! originated {
    ($($request:ty),*) => {
        $(impl Originated for $request {
            fn origin(&self) -> Origin {
                let (run_id, correlation_id) = (self.run_id.clone(), self.correlation_id.clone());
                Origin { run_id, correlation_id, causation_id: self.causation_id.clone() }
            }

            fn set_origin(&mut self, origin: Origin) {
                self.run_id = origin.run_id;
                self.correlation_id = origin.correlation_id;
                self.causation_id = origin.causation_id;
            }
        })*
    };
}

originated!(SaveRequest, PutRequest, UndeleteRequest, BatchRequest, ApplyRequest, ApplyGiven, UndoRequest);
