//! What `serve` says when it is ready: where it is, and what to paste.

use std::fmt::Write as _;

use crisp_mock_server::server::MockServer;
use crisp_mock_server::spaces::Info;

use crate::intercept::Intercepting;
use crate::terminal::{FAINT, STRONG};

/// What the banner tells.
pub struct Facts<'a> {
    /// Addresses and credentials.
    pub info: &'a Info,
    /// Whether any credentials are taken for the plugin's.
    pub takes_any: bool,
    /// How many websites there are.
    pub websites: usize,
    /// The web hooks.
    pub hooks: Vec<String>,
    /// A link that opens the settings page of the first of them.
    pub settings_page: Option<String>,
}

/// The banner of a server that has just started.
pub fn banner(server: &MockServer, intercepting: Option<&Intercepting>) -> String {
    let space = server.spaces().default_space().lock();
    let installed = space.world.directory().installed();
    let page = space.plugin().settings_url.as_deref();
    let settings_page = page
        .zip(installed.first())
        .map(|(page, website)| crisp_mock_server::control::settings_url(page, website));
    let hooks = space.hooks.hooks().map(|(hook, _)| hook.to_string()).collect();
    let takes_any = space.accounts().takes_any;
    let mut out = write(&Facts {
        takes_any,
        info: server.info(),
        websites: installed.len(),
        hooks,
        settings_page,
    });
    if let Some(intercepting) = intercepting {
        out.push_str(&exports(intercepting));
    }
    out
}

/// What a plugin needs in its environment so that Crisp's own addresses lead here, for a shell.
fn exports(intercepting: &Intercepting) -> String {
    let mut out = format!(
        "  {STRONG}A plugin that knows no host but api.crisp.chat{STRONG:#}   \
         {FAINT}proxy {}; start it in a shell with{FAINT:#}\n",
        intercepting.proxy_url()
    );
    for (name, value) in intercepting.variables(&|name| std::env::var_os(name)) {
        let value = value.to_string_lossy().replace('\'', r"'\''");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "export {name}='{value}'");
    }
    out.push('\n');
    out
}

fn write(facts: &Facts<'_>) -> String {
    let Info { url, control_url, identifier, key, plugin_id, hook_secret, version, .. } =
        facts.info;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "\n{STRONG}crisp-mock {version}{STRONG:#} {FAINT}· Ctrl-C stops it{FAINT:#}\n"
    );
    let mut row = |label: &str, value: &str| {
        let _ = writeln!(out, "  {FAINT}{label:<14}{FAINT:#} {value}");
    };
    let websites = match facts.websites {
        1 => "1 website".to_owned(),
        number => format!("{number} websites"),
    };
    row("REST", &format!("{STRONG}{url}{STRONG:#}   {websites}, same ids every time"));
    row(
        "Page",
        &format!("{STRONG}{control_url}/ui{STRONG:#}   look, and change what an operator changes"),
    );
    row("Control", control_url);
    row("Identifier", identifier);
    row("Key", key);
    if facts.takes_any {
        row(
            "Credentials",
            "any, on the plugin tier (--accept-any-credentials): for development only",
        );
    }
    row("Plugin", plugin_id);
    for hook in &facts.hooks {
        row("Web hook", hook);
    }
    if !facts.hooks.is_empty() {
        row("Hook secret", hook_secret);
    }
    if let Some(link) = &facts.settings_page {
        row("Settings page", link);
    }
    for (client, lines) in snippets(facts.info) {
        let _ = writeln!(out, "\n  {STRONG}{client}{STRONG:#}");
        for line in lines {
            // Python takes no line that is indented for its looks.
            let _ = writeln!(out, "{line}");
        }
    }
    let _ = writeln!(
        out,
        "\n  {STRONG}Make something happen{STRONG:#}\n  \
         crisp-mock ctl save w1 message=Hello{}\n",
        elsewhere(url)
    );
    out
}

/// The `--url` that `ctl` needs, unless the server is at the default address.
fn elsewhere(url: &str) -> String {
    if url == "http://127.0.0.1:8420" { String::new() } else { format!(" --url {url}") }
}

/// What to paste, for each official client (docs/wire.md#official-clients); each lists the websites.
fn snippets(info: &Info) -> [(&'static str, Vec<String>); 3] {
    let Info { url, rest_url, identifier, key, .. } = info;
    let credentials = format!("{identifier:?}, {key:?}");
    [
        (
            "Node",
            vec![
                r#"const { Crisp } = require("crisp-api");"#.to_owned(),
                "const client = new Crisp();".to_owned(),
                format!("client.setRestHost({url:?});"),
                format!(r#"client.authenticateTier("plugin", {credentials});"#),
                "client.plugin.listAllConnectWebsites(1).then(console.log);".to_owned(),
            ],
        ),
        (
            "Go",
            vec![
                format!(
                    "client := crisp.NewWithConfig(crisp.ClientConfig{{RestEndpointURL: {rest_url:?}}})"
                ),
                format!(r#"client.AuthenticateTier("plugin", {credentials})"#),
                "websites, _, err := client.Plugin.ListAllConnectWebsites(1, false, false)"
                    .to_owned(),
                "fmt.Println(len(*websites), err)".to_owned(),
            ],
        ),
        (
            "Python",
            vec![
                "from crisp_api import Crisp".to_owned(),
                "client = Crisp()".to_owned(),
                format!("client.set_rest_host({url:?})"),
                r#"client.set_rest_base_path("/v1")"#.to_owned(),
                r#"client.set_tier("plugin")"#.to_owned(),
                format!("client.authenticate({credentials})"),
                "print(client.plugin.list_all_connect_websites(1, 0))".to_owned(),
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(url: &str) -> Info {
        Info {
            url: url.to_owned(),
            rest_url: format!("{url}/v1/"),
            control_url: format!("{url}/_mock"),
            identifier: "11111111-2222-3333-4444-555555555555".to_owned(),
            key: "0123456789abcdef".repeat(4),
            plugin_id: "66666666-7777-8888-9999-000000000000".to_owned(),
            hook_secret: "fedcba9876543210fedcba9876543210".to_owned(),
            version: "0.1.0".to_owned(),
            ..Info::default()
        }
    }

    fn plain(facts: &Facts<'_>) -> String {
        anstream::adapter::strip_str(&write(facts)).to_string()
    }

    #[test]
    fn the_banner_has_what_to_paste_for_every_official_client() {
        let info = info("http://127.0.0.1:8420");
        insta::assert_snapshot!(plain(&Facts {
            info: &info,
            takes_any: false,
            websites: 25,
            hooks: vec!["http://127.0.0.1:3000/hook".to_owned()],
            settings_page: Some(
                "http://localhost:1234/config.html?website_id=8c84&token=c99e".into()
            ),
        }));
    }

    #[test]
    fn without_a_settings_page_no_link_is_printed_and_another_port_is_named() {
        let info = info("http://127.0.0.1:40123");
        let facts = Facts {
            info: &info,
            takes_any: true,
            websites: 1,
            hooks: Vec::new(),
            settings_page: None,
        };
        let shown = plain(&facts);
        assert!(!shown.contains("Hook secret"));
        assert!(!shown.contains("Settings page"));
        assert!(shown.contains("for development only"));
        assert!(shown.contains("1 website,"));
        assert!(shown.contains("message=Hello --url http://127.0.0.1:40123"));
    }
}
