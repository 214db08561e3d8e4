//! The watch of a test: `#[nonblock::test(watch = "trap")]`.

#[cfg(all(feature = "watch", target_os = "linux"))]
use std::eprintln;

#[cfg(all(feature = "watch", target_os = "linux"))]
use crate::watch::{Layers, StartError, Watch};

/// The layers that are on for the thread of a test, while it runs.
#[cfg(all(feature = "watch", target_os = "linux"))]
#[derive(Debug)]
pub struct TestWatch {
    layers: Layers,
}

#[cfg(all(feature = "watch", target_os = "linux"))]
impl TestWatch {
    #[must_use]
    pub fn new(layers: &[Layers]) -> Self {
        Self { layers: layers.iter().fold(Layers::NONE, |all, layer| all | *layer) }
    }

    /// Runs the test with the watch on. It takes `self`, so that no trait of the user's has a method that comes first.
    ///
    /// # Panics
    ///
    /// If a layer cannot be had here. Then the test is not run.
    #[track_caller]
    pub fn run<R>(self, test: impl FnOnce() -> R) -> R {
        match self.start() {
            Ok(_watch) => test(),
            Err(error) => panic!("{error}"),
        }
    }

    /// As [`run`](Self::run), for a test with `#[should_panic]`: if a layer cannot be had, it fails by ending without a panic.
    ///
    /// # Panics
    ///
    /// If the test does.
    #[track_caller]
    pub fn run_should_panic(self, test: impl FnOnce()) {
        match self.start() {
            Ok(_watch) => test(),
            // The harness shows what a test writes if the test fails.
            Err(error) => eprintln!(
                "{error}\n\nBy `#[should_panic]` a panic would be a success, so this test ends without one."
            ),
        }
    }

    fn start(self) -> Result<Watch, StartError> {
        Watch::builder().layers(self.layers).this_thread_only().start()
    }
}

/// Makes the watch of a test.
#[cfg(all(feature = "watch", target_os = "linux"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __test_watch {
    ($($layer:ident)+) => {
        $crate::__private::TestWatch::new(&[$($crate::watch::Layers::$layer),+])
    };
}

/// Says why a test cannot be watched in this build.
#[cfg(all(not(feature = "watch"), target_os = "linux"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __test_watch {
    ($($layer:ident)+) => {
        ::core::compile_error!(
            "nonblock's feature `watch` is off, so no test can be watched\nhelp: turn it on in `Cargo.toml`: \
             `nonblock = { version = \"...\", features = [\"watch\"] }`"
        )
    };
}

/// Says why a test cannot be watched on this system.
#[cfg(not(target_os = "linux"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __test_watch {
    ($($layer:ident)+) => {
        ::core::compile_error!(
            "a test can be watched on Linux only, with nonblock's feature `watch`\nhelp: for other systems write the attribute \
             without `watch`: `#[cfg_attr(target_os = \"linux\", nonblock::test(watch = \"trap\"))]` and \
             `#[cfg_attr(not(target_os = \"linux\"), nonblock::test)]`"
        )
    };
}
