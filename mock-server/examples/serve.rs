//! Runs the emulator in this process and shows where it is reached.
//!
//! `cargo run -p crisp-mock-server --example serve`

use crisp_mock_server::server::{MockServer, ServerOptions};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example that shows something")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = MockServer::start(ServerOptions::default()).await?;
    println!("{}", serde_json::to_string_pretty(server.info())?);
    std::future::pending::<()>().await;
    server.stop().await;
    Ok(())
}
