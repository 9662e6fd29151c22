//! Where the writes of a request come from: from its body, else from its `traceparent` header.

use crate::model::Origin;

/// A request that says where its writes come from.
pub trait Originated {
    /// What its body says.
    fn origin(&self) -> Origin;
    /// Says it.
    fn set_origin(&mut self, origin: Origin);
}

/// A request of these members and those of an origin. (`serde` cannot flatten a struct into one that refuses unknown members.)
macro_rules! originated {
    ($(#[$attribute:meta])* pub struct $request:ident { $($members:tt)* }) => {
        $(#[$attribute])*
        pub struct $request {
            $($members)*
            /// Which start of a program writes: up to 128 bytes, like the two that follow.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
            pub run_id: Option<::std::sync::Arc<str>>,
            /// What this belongs to, together with others. Where it is absent, the trace of a `traceparent` header.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
            pub correlation_id: Option<::std::sync::Arc<str>>,
            /// What made the writer write. Where it is absent, the span of a `traceparent` header.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
            pub causation_id: Option<::std::sync::Arc<str>>,
        }

        impl $crate::api::Originated for $request {
            fn origin(&self) -> $crate::model::Origin {
                let (run_id, correlation_id) = (self.run_id.clone(), self.correlation_id.clone());
                $crate::model::Origin { run_id, correlation_id, causation_id: self.causation_id.clone() }
            }

            fn set_origin(&mut self, origin: $crate::model::Origin) {
                self.run_id = origin.run_id;
                self.correlation_id = origin.correlation_id;
                self.causation_id = origin.causation_id;
            }
        }
    };
}

pub(in crate::api) use originated;
