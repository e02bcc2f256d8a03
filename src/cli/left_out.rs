//! Commands that this build was made without: who calls one is told how to have it.

/// A module with a command of a feature that is off. It takes whatever it is given, does nothing, and names the feature.
macro_rules! left_out {
    ($module:ident, $command:ident, $feature:literal) => {
        #[cfg(not(feature = $feature))]
        pub mod $module {
            #[derive(Debug, clap::Args)]
            pub struct $command {
                #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
                _given: Vec<std::ffi::OsString>,
            }

            impl $command {
                /// Says that it is not here.
                ///
                /// # Errors
                /// Always.
                pub fn run(&self, _: &crate::cli::Context) -> Result<std::process::ExitCode, crate::cli::CommandError> {
                    let hint = concat!("build it with `cargo build --release --features ", $feature, "`");
                    Err(crate::cli::CommandError::usage(concat!("this program was built without ", $feature))
                        .hint(hint))
                }
            }
        }
    };
}

left_out!(mcp, Mcp, "mcp");
left_out!(node, Node, "node");
left_out!(sandbox, Sandbox, "sandbox");
left_out!(sandbox_host, SandboxHost, "sandbox");
left_out!(trial, Trial, "trial");
