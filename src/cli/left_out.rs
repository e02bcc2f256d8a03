//! Commands that this build was made without: who calls one is told how to have it.

/// A command of a feature that is off. It takes whatever it is given, does nothing, and names the feature.
macro_rules! left_out {
    ($name:ident, $feature:literal) => {
        #[derive(Debug, clap::Args)]
        pub struct $name {
            #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
            _given: Vec<std::ffi::OsString>,
        }

        impl $name {
            /// Says that it is not here.
            ///
            /// # Errors
            /// Always.
            pub fn run(&self, _: &crate::cli::Context) -> Result<std::process::ExitCode, crate::cli::CommandError> {
                let hint = concat!("build it with `cargo build --release --features ", $feature, "`");
                Err(crate::cli::CommandError::usage(concat!("this program was built without ", $feature)).hint(hint))
            }
        }
    };
}

#[cfg(not(feature = "mcp"))]
pub mod mcp {
    //! `agent mcp`.
    left_out!(Mcp, "mcp");
}
#[cfg(not(feature = "node"))]
pub mod node {
    //! `agent node`.
    left_out!(Node, "node");
}
#[cfg(not(feature = "sandbox"))]
pub mod sandbox_host {
    //! The sandbox's host.
    left_out!(SandboxHost, "sandbox");
}
#[cfg(not(feature = "trial"))]
pub mod trial {
    //! `agent trial`.
    left_out!(Trial, "trial");
}
