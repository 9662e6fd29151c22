//! Makes cargo look at the built console, which is embedded in the binary.

use std::path::Path;

fn main() {
    let dist = Path::new("../dist");
    // A folder that is not there would count as changed every time, and everything would be built again each time.
    if !dist.exists()
        && let Err(error) = std::fs::create_dir_all(dist)
    {
        println!("cargo:warning=the folder for the console could not be made: {error}");
    }
    println!("cargo:rerun-if-changed=../dist");
    println!("cargo:rerun-if-changed=build.rs");
}
