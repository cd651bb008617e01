//! Options that were checked, all at once: a world that starts has nothing left to go wrong.

use std::sync::Arc;

use super::{DEFAULT_WEBSITES, WorldOptions};
use crate::clock::Mode;
use crate::document::{Problem, list};
use crate::fault::FaultPlan;
use crate::hooks::Reach;
use crate::quirks::{PageSize, QuirkError, Quirks};
use crate::schema::SettingsSchema;
use crate::state::State;
use crate::stub::{FileStub, StubFile};

/// What is wrong with options; each says which option, and what would fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OptionError {
    /// A quirk does not exist, or cannot have that value.
    #[error("quirks: {0}")]
    Quirk(#[from] QuirkError),
    /// The page size is out of range.
    #[error("page_size: {0} does not fit: choose a number from 1 to 100")]
    PageSize(u32),
    /// More websites are unconfigured than there are.
    #[error("unconfigured: {unconfigured} of {websites} websites cannot be unconfigured")]
    Unconfigured {
        /// How many were wanted unconfigured.
        unconfigured: u32,
        /// How many there are.
        websites: u32,
    },
    /// More websites than a test needs and a machine holds.
    #[error("websites: {0} are too many: choose at most 5000000")]
    TooManyWebsites(u32),
    /// The settings page is no address that a browser opens.
    #[error("settings_url: `{0}` is no http or https address")]
    SettingsUrl(String),
    /// The identifier is no UUID, or the key no 64 hexadecimal digits.
    #[error("{option}: `{value}` does not fit: {wanted}")]
    Credentials {
        /// Which option.
        option: &'static str,
        /// What was given, cut short.
        value: String,
        /// What would fit.
        wanted: &'static str,
    },
    /// A web hook would leave this machine.
    #[error(
        "hook: `{0}` is not an address of this machine; `--hooks-anywhere` lets web hooks go anywhere"
    )]
    FarHook(String),
    /// The schema is not valid.
    #[error("schema: {}", list(.0))]
    Schema(Vec<Problem>),
    /// The fault plan is not valid.
    #[error("faults: {}", list(.0))]
    Faults(Vec<Problem>),
    /// The file of stubs is not valid.
    #[error("stub_file: {}", list(.0))]
    Stubs(Vec<Problem>),
    /// The dump cannot be taken.
    #[error("state: {}", list(.0))]
    State(Vec<Problem>),
    /// An option makes websites that the dump has already.
    #[error("{0}: the dump of `state` says that already: leave one of the two out")]
    BesideState(&'static str),
}

impl OptionError {
    /// The option that is wrong, as the key of a file.
    #[must_use]
    pub fn option(&self) -> &'static str {
        match self {
            Self::Quirk(_) => "quirks",
            Self::PageSize(_) => "page_size",
            Self::Unconfigured { .. } => "unconfigured",
            Self::TooManyWebsites(_) => "websites",
            Self::SettingsUrl(_) => "settings_url",
            Self::Credentials { option, .. } | Self::BesideState(option) => option,
            Self::FarHook(_) => "hook",
            Self::Schema(_) => "schema",
            Self::Faults(_) => "faults",
            Self::Stubs(_) => "stub_file",
            Self::State(_) => "state",
        }
    }
}

/// Options that were checked: everything a world starts and restarts from.
#[derive(Debug, Clone)]
pub struct Blueprint {
    /// The options as they were given.
    pub options: WorldOptions,
    /// How many websites.
    pub websites: u32,
    /// How many of them, the last ones, have no settings.
    pub unconfigured: u32,
    /// The seed.
    pub seed: u64,
    /// The plugin's schema.
    pub schema: SettingsSchema,
    /// The quirks.
    pub quirks: Quirks,
    /// The fault plan.
    pub faults: FaultPlan,
    /// The stubs: those without data first.
    pub stubs: Vec<Arc<FileStub>>,
    /// The dump to start from.
    pub state: Option<Arc<State>>,
}

impl Blueprint {
    /// Checks options.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn new(options: WorldOptions) -> Result<Self, Vec<OptionError>> {
        let mut errors = Vec::new();
        let state = state(&options, &mut errors);
        let quirks = quirks(&options, state.as_ref(), &mut errors);
        let schema = schema(&options, state.as_ref(), &quirks, &mut errors);
        let faults = faults(&options, &mut errors);
        let stubs = stubs(&options, &mut errors);
        let websites = options.websites.unwrap_or(DEFAULT_WEBSITES);
        let unconfigured = options.unconfigured.unwrap_or(0);
        if websites > 5_000_000 {
            errors.push(OptionError::TooManyWebsites(websites));
        }
        if unconfigured > websites {
            errors.push(OptionError::Unconfigured { unconfigured, websites });
        }
        check_settings_url(&options, &mut errors);
        check_credentials(&options, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let dumped = state.as_ref().map(|state| state.seed);
        let seed = dumped.or(options.seed).unwrap_or(1);
        Ok(Self {
            state: state.map(Arc::new),
            options,
            websites,
            unconfigured,
            seed,
            schema,
            quirks,
            faults,
            stubs,
        })
    }
}

impl Blueprint {
    /// Requests a day.
    #[must_use]
    pub fn quota(&self) -> Option<u64> {
        let dumped = self.state.as_ref().and_then(|state| state.limit);
        self.options.quota.map_or(dumped, |quota| quota.0)
    }

    /// Whether time passes by itself.
    #[must_use]
    pub fn clock(&self) -> Mode {
        let dumped = self.state.as_ref().and_then(|state| state.mode);
        self.options.clock.or(dumped).unwrap_or_default()
    }
}

fn state(options: &WorldOptions, errors: &mut Vec<OptionError>) -> Option<State> {
    let document = options.state.as_ref()?;
    let beside = [
        ("websites", options.websites.is_some()),
        ("unconfigured", options.unconfigured.is_some()),
        ("seed", options.seed.is_some()),
    ];
    let beside = beside.into_iter().filter(|(_, given)| *given);
    errors.extend(beside.map(|(option, _)| OptionError::BesideState(option)));
    State::parse(document).map_err(|problems| errors.push(OptionError::State(problems))).ok()
}

fn quirks(options: &WorldOptions, state: Option<&State>, errors: &mut Vec<OptionError>) -> Quirks {
    let dumped = state.filter(|_| options.profile.is_none());
    let mut quirks = dumped
        .map_or_else(|| options.profile.unwrap_or_default().quirks(), |state| state.quirks.clone());
    if let Err(error) = options.quirks.as_ref().map_or(Ok(()), |settings| quirks.apply(settings)) {
        errors.push(error.into());
    }
    match options.page_size {
        Some(size @ 1..=100) => quirks.page_size = PageSize(size),
        Some(size) => errors.push(OptionError::PageSize(size)),
        None => {}
    }
    quirks
}

fn schema(
    options: &WorldOptions,
    state: Option<&State>,
    quirks: &Quirks,
    errors: &mut Vec<OptionError>,
) -> SettingsSchema {
    // A schema reads differently under other quirks.
    let dumped = state.map(|state| state.schema.raw());
    let Some(raw) = options.schema.as_ref().or(dumped) else {
        return SettingsSchema::sample();
    };
    SettingsSchema::from_value(raw.clone(), quirks.schema_rules()).unwrap_or_else(|problems| {
        errors.push(OptionError::Schema(problems));
        SettingsSchema::sample()
    })
}

fn faults(options: &WorldOptions, errors: &mut Vec<OptionError>) -> FaultPlan {
    let Some(raw) = &options.faults else {
        return FaultPlan::default();
    };
    FaultPlan::parse_for_server(raw).unwrap_or_else(|problems| {
        errors.push(OptionError::Faults(problems));
        FaultPlan::default()
    })
}

fn stubs(options: &WorldOptions, errors: &mut Vec<OptionError>) -> Vec<Arc<FileStub>> {
    let bare = options.stub.iter().cloned();
    let bare = bare.map(|stub| FileStub { stub, data: None, reason: None });
    let file = options.stub_file.as_ref().map_or(Ok(StubFile::default()), StubFile::parse);
    let file = file.map_err(|problems| errors.push(OptionError::Stubs(problems)));
    bare.chain(file.unwrap_or_default().stubs).map(Arc::new).collect()
}

/// The first web hook that goes where none may go.
#[must_use]
pub fn unreachable_hook(options: &WorldOptions, reach: Reach) -> Option<OptionError> {
    let far = options.hook.iter().find(|hook| reach == Reach::Loopback && !hook.is_loopback());
    far.map(|hook| OptionError::FarHook(hook.url().to_string()))
}

fn check_settings_url(options: &WorldOptions, errors: &mut Vec<OptionError>) {
    let Some(url) = &options.settings_url else {
        return;
    };
    let web = url.starts_with("http://") || url.starts_with("https://");
    if !web || url.parse::<http::Uri>().is_err() {
        errors.push(OptionError::SettingsUrl(url.clone()));
    }
}

fn check_credentials(options: &WorldOptions, errors: &mut Vec<OptionError>) {
    let mut check = |option, value: &Option<String>, wanted, fits: fn(&str) -> bool| {
        if let Some(value) = value.as_ref().filter(|value| !fits(value)) {
            let value = value.chars().take(80).collect();
            errors.push(OptionError::Credentials { option, value, wanted });
        }
    };
    // Crisp's own shapes are a UUID and 64 digits (docs/wire.md#credentials); tests may use simpler ones,
    // as long as HTTP Basic can carry them.
    check("identifier", &options.identifier, "it may not be empty nor contain `:`", |text| {
        !text.is_empty()
            && text.len() <= 200
            && !text.contains(':')
            && !text.contains(char::is_control)
    });
    check("key", &options.key, "it may not be empty", |text| {
        !text.is_empty() && text.len() <= 500 && !text.contains(char::is_control)
    });
}
