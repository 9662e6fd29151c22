//! The console's entry in the browser.

fn main() {
    #[cfg(target_arch = "wasm32")]
    statehouse_web::start();
}
