//! `--intercept`: Crisp's own addresses are answered by the emulator, for plugins that know no other.

use std::ffi::OsString;
use std::sync::Arc;

use clap::Args;
use clap::builder::FalseyValueParser;
use crisp_harness::intercept::{Allowed, InterceptError, Interception, Proxy, RefusedHosts, Route};
use crisp_mock_server::server::MockServer;

use crate::failure::Failure;
use crate::terminal::{self, ODD, row};

/// Whether Crisp's addresses are answered, and what else may be reached.
#[derive(Debug, Clone, Default, Args)]
pub struct InterceptArguments {
    /// Answer api.crisp.chat itself, for a plugin that knows no other host (docs/intercept.md)
    ///
    /// The plugin finds a proxy on loopback, a certificate and preloads for Node and Python in its
    /// environment. The proxy answers every other host with 403, and names it at the end.
    #[arg(long, env = "CRISP_MOCK_INTERCEPT", value_parser = FalseyValueParser::new())]
    pub intercept: bool,

    /// Let the plugin reach this host through the proxy, too; repeatable
    ///
    /// In CRISP_MOCK_INTERCEPT_ALLOW several are parted by commas. Crisp's own hosts are never reached.
    #[arg(
        long,
        env = "CRISP_MOCK_INTERCEPT_ALLOW",
        value_name = "HOST[:PORT]",
        value_delimiter = ',',
        requires = "intercept",
        hide_short_help = true
    )]
    pub intercept_allow: Vec<Allowed>,
}

impl InterceptArguments {
    /// The options as they are written.
    pub fn in_words(&self) -> Vec<String> {
        let asked = self.intercept.then(|| "--intercept".to_owned());
        let allowed = self.intercept_allow.iter().map(|host| format!("--intercept-allow {host}"));
        asked.into_iter().chain(allowed).collect()
    }

    /// What all proxies share, if it is asked for. Without it nothing of TLS is loaded.
    ///
    /// # Errors
    ///
    /// [`Failure::Environment`] when the machine refuses a file.
    pub fn interception(&self) -> Result<Option<Arc<Interception>>, Failure> {
        let made = self.intercept.then(|| Interception::new(&self.intercept_allow));
        made.transpose().map(|made| made.map(Arc::new)).map_err(failed)
    }

    /// A proxy before this server, if it is asked for.
    ///
    /// # Errors
    ///
    /// [`Failure::Environment`] when the machine refuses a file or a port.
    pub async fn start(&self, server: &MockServer) -> Result<Option<Intercepting>, Failure> {
        let address = server.addresses().first().copied();
        let Some((interception, emulator)) = self.interception()?.zip(address) else {
            return Ok(None);
        };
        let proxy = interception.proxy(emulator).await.map_err(failed)?;
        Ok(Some(Intercepting { proxy, interception }))
    }
}

fn failed(error: InterceptError) -> Failure {
    Failure::Environment { doing: "--intercept".to_owned(), problem: error.to_string() }
}

/// A proxy before the server of this process.
pub struct Intercepting {
    proxy: Proxy,
    interception: Arc<Interception>,
}

impl Intercepting {
    /// Where it listens, as programs take it.
    pub fn proxy_url(&self) -> String {
        format!("http://{}", self.proxy.address())
    }

    /// What a program finds in its environment; `present` says what it would find without it.
    pub fn variables(
        &self,
        present: &dyn Fn(&str) -> Option<OsString>,
    ) -> Vec<(&'static str, OsString)> {
        self.interception.variables(&self.proxy, Route::Proxy, present)
    }

    /// Tells what was refused, if anything was.
    pub fn tell_refused(&self) {
        tell_refused(&self.interception);
    }
}

/// Tells on stderr what was refused, if anything was.
pub fn tell_refused(interception: &Interception) {
    let told = told(&interception.refused());
    if !told.is_empty() {
        terminal::complain(&told);
    }
}

fn told(refused: &RefusedHosts) -> String {
    let mut out = String::new();
    for host in &refused.hosts {
        let (name, port, times) = (&host.host, host.port, host.times);
        let said = format!(
            "{times}\u{d7} {ODD}{name}:{port}{ODD:#}: --intercept-allow {name} lets it through"
        );
        row(&mut out, "refused", &said);
    }
    if refused.besides > 0 {
        row(&mut out, "refused", &format!("{}\u{d7} others", refused.besides));
    }
    if refused.distrusted > 0 {
        let said = format!(
            "{}\u{d7} {ODD}a client did not take the certificate for Crisp's hosts{ODD:#}: \
             docs/intercept.md says what each runtime wants",
            refused.distrusted
        );
        row(&mut out, "no TLS", &said);
    }
    out
}

#[cfg(test)]
mod tests {
    use crisp_harness::intercept::Refused;

    use super::*;

    #[test]
    fn what_was_refused_is_told_with_the_option_that_lets_it_through() {
        let hosts = vec![Refused { host: "a.test".to_owned(), port: 443, times: 2 }];
        let refused = RefusedHosts { hosts, besides: 3, distrusted: 1 };
        let text = anstream::adapter::strip_str(&told(&refused)).to_string();
        insta::assert_snapshot!(text, @r"
        refused      2× a.test:443: --intercept-allow a.test lets it through
        refused      3× others
        no TLS       1× a client did not take the certificate for Crisp's hosts: docs/intercept.md says what each runtime wants
        ");
        assert_eq!(told(&RefusedHosts::default()), "");
    }
}
