//! A configuration's text, key by key.

use super::change::Change;
use super::error::ConfigError;
use super::migrate::{self, VERSION};
use super::nearest::nearest;
use super::node::{NONE, Node};
use super::read::{Read, put};
use super::schema::{self, REASONS};
use super::value::json;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The table of changes before version 2.
const OVERRIDE: &str = "override";

/// The most tables of `[[override]]`: profiles have fewer settings.
const MOST_OVERRIDES: usize = 1000;

/// Reads a text; `path` is for messages. Unknown keys, and values that their keys do not take,
/// are refused.
pub fn parse(text: &str, path: &Path) -> Result<Read, ConfigError> {
    let fault = |e: toml::de::Error| ConfigError::File { path: path.into(), reason: e.to_string() };
    let table = DeTable::parse(text).map_err(fault)?.into_inner();
    let lines: Vec<usize> =
        text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
    let place =
        |at: usize| format!("{}, line {}", path.display(), 1 + lines.partition_point(|end| *end < at));
    let mut read = Read::default();
    let version = match table.iter().find(|(name, _)| name.get_ref() == "version") {
        Some((name, value)) => {
            Some(migrate::version(&json(value.clone()).map_err(fault)?, place(name.span().start))?)
        }
        None => None,
    };
    let old = version.is_none_or(|version| version < VERSION);
    let mut reader = Reader { place: &place, old, file: true, read: &mut read };
    reader.table("", schema::file(), table)?;
    if version.is_some_and(|version| version < VERSION) && read.get("profile").is_none() {
        put(&mut read.keys, "profile", migrate::PROFILE.into());
        let file = path.display().to_string();
        read.note(&file, format!("without `profile` a file of version 1 is `{}`, for large networks; with `version = 2` the base's size chooses", migrate::PROFILE));
    }
    put(&mut read.keys, "version", VERSION.into());
    Ok(read)
}

/// Reads the value of a key or setting that the command line gives, under its full name, into `read`.
pub fn given(
    name: &str,
    value: Spanned<DeValue<'_>>,
    place: &str,
    read: &mut Read,
) -> Result<(), ConfigError> {
    let node = schema::file().find(name).ok_or_else(|| unknown(name, place.into()))?;
    let setting = schema::file().setting(name);
    if let Some(part) = name.strip_prefix(&format!("{setting}.")) {
        // A part of a choice, such as ppo.shaping.missing_end.subtract: the choice with that part.
        let mut table = value;
        for key in part.rsplit('.') {
            table = Spanned::new(
                0..0,
                DeValue::Table(DeTable::from_iter([(Spanned::new(0..0, key.to_owned().into()), table)])),
            );
        }
        return given(&setting, table, place, read);
    }
    let place = |_: usize| place.to_owned();
    let mut reader = Reader { place: &place, old: true, file: false, read };
    match value.into_inner() {
        DeValue::Table(table) if node.is_table() => reader.table(name, node, table),
        value => reader.value(name, node, Spanned::new(0..0, value), place(0)),
    }
}

struct Reader<'a> {
    /// Returns the place of a byte of the text, for messages.
    place: &'a dyn Fn(usize) -> String,
    /// True if the words of earlier versions are allowed too.
    old: bool,
    /// True for a file, in which a key stands once; the command line may change it again.
    file: bool,
    read: &'a mut Read,
}

impl Reader<'_> {
    /// The entries of a table in the order of the file, so that its first fault is reported first: their names now,
    /// where they stand, what the schema has there, and their values. An old name is taken for the new, unless both are
    /// here.
    fn entries<'n, 'v>(
        &mut self,
        section: &str,
        node: Node<'n>,
        table: DeTable<'v>,
    ) -> Result<Vec<Entry<'n, 'v>>, ConfigError> {
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let below =
            |name: &str| if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        let (mut out, mut seen) = (Vec::new(), BTreeMap::new());
        for (spelled, value) in entries {
            let place = (self.place)(spelled.span().start);
            let spelled = spelled.into_inner().into_owned();
            let now = migrate::word(&spelled).filter(|now| self.old && node.property(now).is_some());
            if let Some(now) = now {
                self.read.note(&place, format!("`{spelled}` is `{now}` since version {VERSION}"));
            }
            let name = now.map_or(spelled.clone(), Into::into);
            if let Some((other, there)) = seen.insert(name.clone(), (spelled.clone(), place.clone())) {
                let reason = format!("it is `{other}` too ({there}): keep one of them");
                return Err(ConfigError::Key { place, key: below(&spelled), reason });
            }
            out.push(Entry { node: node.property(&name), name: below(&name), place, value });
        }
        Ok(out)
    }

    fn table(&mut self, section: &str, node: Node<'_>, table: DeTable<'_>) -> Result<(), ConfigError> {
        for Entry { node, name, place, value } in self.entries(section, node, table)? {
            let span = value.span();
            match (value.into_inner(), node) {
                (DeValue::Table(reasons), None) if name == REASONS => self.reasons("", reasons)?,
                (DeValue::Array(tables), None) if name == OVERRIDE && self.old => {
                    if tables.len() > MOST_OVERRIDES {
                        let reason = format!("want {MOST_OVERRIDES} at most");
                        return Err(ConfigError::Key { place, key: name, reason });
                    }
                    self.read.note(
                        &place,
                        format!(
                            "`[[override]]` is a key of its table, and `[reasons]`, since version {VERSION}"
                        ),
                    );
                    tables.into_iter().try_for_each(|table| self.change(table))?;
                }
                (_, None) if name == OVERRIDE => {
                    let reason = format!(
                        "since version {VERSION} a setting stands in its table, and why in [reasons]"
                    );
                    return Err(ConfigError::Key { place, key: name, reason });
                }
                (_, None) => return Err(unknown(&name, place)),
                (DeValue::Table(inner), Some(node)) if node.is_table() => self.table(&name, node, inner)?,
                (value, Some(node)) => self.value(&name, node, Spanned::new(span, value), place)?,
            }
        }
        Ok(())
    }

    /// A key's or setting's value.
    fn value(
        &mut self,
        name: &str,
        node: Node<'_>,
        value: Spanned<DeValue<'_>>,
        place: String,
    ) -> Result<(), ConfigError> {
        if node.is_table() {
            let reason = format!("it is a table: write [{name}]");
            return Err(ConfigError::Key { place, key: name.into(), reason });
        }
        let value = self.checked(name, node, value, &place)?;
        if schema::keys().find(name).is_none() {
            let change = Change { setting: name.into(), value, whole: false };
            if self.file {
                self.read.alone(&change, &place)?;
            }
            self.read.change(change, place);
            return Ok(());
        }
        self.read.places.insert(name.into(), place);
        put(&mut self.read.keys, name, value);
        Ok(())
    }

    /// A value that its key takes, part by part.
    fn checked(
        &mut self,
        name: &str,
        node: Node<'_>,
        value: Spanned<DeValue<'_>>,
        place: &str,
    ) -> Result<Value, ConfigError> {
        let fault = |reason: String| ConfigError::Key { place: place.into(), key: name.into(), reason };
        let span = value.span();
        match (value.into_inner(), node.items()) {
            (DeValue::Table(table), _) if !node.names().is_empty() => {
                let (names, mut parts) = (node.names(), Map::new());
                for Entry { node, name: part, place, value } in self.entries(name, node, table)? {
                    let Some(inner) = node else { return Err(unknown_part(name, &part, names, place)) };
                    let value = self.checked(&part, inner, value, &place)?;
                    put(&mut parts, &part[name.len() + 1..], value);
                }
                Ok(Value::Object(parts))
            }
            (DeValue::Array(tables), Some(items)) if items.is_table() => {
                if !node.takes(&Value::Array(vec![Value::Object(Map::new()); tables.len()])) {
                    return Err(fault(format!("want {}", node.wanted())));
                }
                let mut all = Vec::new();
                for table in tables {
                    let place = (self.place)(table.span().start);
                    let one = self.checked(name, items, table, &place)?;
                    if let Some(missing) = items.needed().find(|needed| one.get(needed).is_none()) {
                        let reason = format!("this source needs `{missing}`: say which it has");
                        return Err(ConfigError::Key { place, key: name.into(), reason });
                    }
                    all.push(one);
                }
                Ok(Value::Array(all))
            }
            (value, _) => {
                let value = json(Spanned::new(span, value)).map_err(|e| fault(e.message().into()))?;
                match value.as_str() {
                    Some(NONE) if node.is_optional() => return Ok(Value::Null),
                    Some(old) if self.old && !node.takes(&value) => {
                        if let Some(now) = migrate::word(old).filter(|now| node.takes(&(*now).into())) {
                            self.read.note(place, format!("`{old}` is `{now}` since version {VERSION}"));
                            return Ok(now.into());
                        }
                    }
                    _ => {}
                }
                if node.takes(&value) {
                    Ok(value)
                } else {
                    Err(fault(format!("want {}, not {value}", node.wanted())))
                }
            }
        }
    }

    /// Reads reasons, by whole names or in tables as settings are.
    fn reasons(&mut self, section: &str, table: DeTable<'_>) -> Result<(), ConfigError> {
        for (name, value) in table {
            let place = (self.place)(name.span().start);
            let name = if section.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{section}.{}", name.get_ref())
            };
            match value.into_inner() {
                DeValue::Table(inner) => self.reasons(&name, inner)?,
                _ if schema::file().find(&name).is_none() => return Err(unknown(&name, place)),
                DeValue::String(reason) => drop(self.read.reasons.insert(name, reason.into_owned())),
                _ => {
                    let reason = "want why, in quotes".into();
                    return Err(ConfigError::Key { place, key: format!("{REASONS}.{name}"), reason });
                }
            }
        }
        Ok(())
    }

    /// A table of `[[override]]`.
    fn change(&mut self, table: Spanned<DeValue<'_>>) -> Result<(), ConfigError> {
        let place = (self.place)(table.span().start);
        let fault = |reason: &str| ConfigError::Key {
            place: place.clone(),
            key: OVERRIDE.into(),
            reason: reason.into(),
        };
        let DeValue::Table(entries) = table.into_inner() else {
            return Err(fault("want tables: write [[override]]"));
        };
        let (mut setting, mut value, mut reason) = (None, None, None);
        for (name, entry) in entries {
            match name.get_ref().as_ref() {
                "setting" => setting = Some(entry),
                "value" => value = Some(entry),
                "reason" => reason = Some(entry),
                other => {
                    let place = (self.place)(name.span().start);
                    let known = ["setting", "value", "reason"];
                    return Err(unknown_part(
                        OVERRIDE,
                        &format!("{OVERRIDE}.{other}"),
                        known.to_vec(),
                        place,
                    ));
                }
            }
        }
        let text = |entry: &Spanned<DeValue<'_>>| entry.get_ref().as_str().map(str::to_owned);
        let at = setting.ok_or_else(|| fault("this [[override]] needs a `setting`"))?;
        let place = (self.place)(at.span().start);
        let spelled = text(&at).ok_or_else(|| fault("this [[override]] needs a `setting`"))?;
        let name = migrate::name(&spelled);
        let node = schema::profile().find(&name).ok_or_else(|| unknown(&spelled, place.clone()))?;
        let value = value.ok_or_else(|| fault("this [[override]] needs a `value`"))?;
        let value = self.checked(&name, node, value, &place)?;
        let reason = match reason {
            Some(reason) => text(&reason).ok_or_else(|| fault("want a `reason` in quotes"))?,
            None => String::new(),
        };
        self.read.reasons.insert(name.clone(), reason);
        self.replace(&name, node, value, &place)
    }

    /// Replaces a setting, or all of a table.
    fn replace(&mut self, name: &str, node: Node<'_>, value: Value, place: &str) -> Result<(), ConfigError> {
        if node.is_table() {
            for (part, value) in migrate::whole(node, &value) {
                if let Some(inner) = node.property(&part) {
                    self.replace(&format!("{name}.{part}"), inner, value, place)?;
                }
            }
        } else {
            let change = Change { setting: name.into(), value, whole: true };
            self.read.alone(&change, place)?;
            self.read.change(change, place.into());
        }
        Ok(())
    }
}

/// An entry of a table.
struct Entry<'n, 'v> {
    /// Its whole name now.
    name: String,
    /// The place, for messages.
    place: String,
    /// The node of the key in the schema; `None` where there is no such key.
    node: Option<Node<'n>>,
    value: Spanned<DeValue<'v>>,
}

/// The error of a key that does not exist.
pub fn unknown(name: &str, place: String) -> ConfigError {
    let mut all = vec![REASONS.to_owned()];
    below("", schema::file(), &mut all);
    let near = nearest(name, all.iter().map(String::as_str)).map(Into::into);
    let section = name.rsplit_once('.').map_or("", |(section, _)| section);
    let table = schema::file().find(section).filter(|_| !section.is_empty()).unwrap_or(schema::file());
    ConfigError::Unknown { place, key: name.into(), nearest: near, known: table.names().join(", ") }
}

/// The error of a part of a value that does not exist.
fn unknown_part(of: &str, name: &str, known: Vec<&str>, place: String) -> ConfigError {
    let part = &name[of.len() + 1..];
    let near = nearest(part, known.iter().copied()).map(|near| format!("{of}.{near}"));
    ConfigError::Unknown { place, key: name.into(), nearest: near, known: known.join(", ") }
}

/// The names of all tables, keys and settings.
fn below(section: &str, node: Node<'_>, out: &mut Vec<String>) {
    for name in node.names() {
        let whole = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        if let Some(inner) = node.property(name).filter(|inner| inner.is_table()) {
            below(&whole, inner, out);
        }
        out.push(whole);
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use proptest::prelude::*;

    /// A configuration that is right, to damage.
    const RIGHT: &str = "seed = 1\n[base]\nmodel = \"a\"\ntokenizer = \"b\"\n[ppo]\nformats = [\"prompts\"]\n\
        [[override]]\nsetting = \"ppo.epochs\"\nvalue = { a = [1, 2.5], b = 1979-05-27 }\nreason = \"c\"\n";

    proptest! {
        #[test]
        fn any_text_is_a_configuration_or_an_error_with_the_file(text in "[a-z\\[\\]{}.=\"\n 0-9#-]{0,200}") {
            if let Err(error) = Config::parse(&text, "run.toml".as_ref(), &[]) {
                prop_assert!(error.to_string().starts_with("run.toml"), "{error}");
            }
        }

        #[test]
        fn a_damaged_one_is_no_worse(at in any::<prop::sample::Index>(), byte in 32u8..127) {
            let mut bytes = RIGHT.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = Config::parse(core::str::from_utf8(&bytes).unwrap(), "run.toml".as_ref(), &[]);
        }
    }

    fn with(method: &str, rest: &str) -> Result<Config, crate::config::ConfigError> {
        let text = format!("method = \"{method}\"\n[base]\nmodel = \"a\"\ntokenizer = \"b\"\n{rest}");
        Config::parse(&text, "run.toml".as_ref(), &[])
    }

    #[test]
    fn a_setting_may_stand_in_its_table_without_a_reason() {
        let in_tables = "[ppo]\niterations = 7\nepochs = 2\ngae.lambda = 0.9\n[ppo.policy.adam]\nbeta2 = 0.9\n\
            [ppo.pretraining]\ncoefficient = 1\n[reward]\nbatch = 8\n";
        let overrides = [
            ("ppo.epochs", "2"),
            ("ppo.gae.lambda", "0.9"),
            ("ppo.policy.adam.beta2", "0.9"),
            ("ppo.pretraining.coefficient", "1"),
            ("reward.batch", "8"),
        ]
        .map(|(setting, value)| format!("[[override]]\nsetting = \"{setting}\"\nvalue = {value}\n"))
        .concat();
        let tables = with("ppo", in_tables).unwrap();
        let (profile, changes) = tables.resolve().unwrap();
        let other = with("ppo", &format!("[ppo]\niterations = 7\n{overrides}")).unwrap();
        assert_eq!((profile, tables.ppo.iterations), (other.resolve().unwrap().0, 7));
        assert_eq!((profile.ppo.epochs, profile.ppo.policy.adam.beta2), (2, 0.9));
        assert_eq!(profile.ppo.pretraining.unwrap().coefficient, 1.0);
        assert_eq!((changes.len(), changes[0].reason.as_str()), (5, ""));
        // What a run writes into its folder is the same configuration.
        let again = Config::parse(&tables.to_toml().unwrap(), "run.toml".as_ref(), &[]).unwrap();
        assert_eq!(again.resolve().unwrap(), (profile, changes));
    }

    #[test]
    fn what_belongs_to_a_method_goes_by_its_kind() {
        let config = with("grpo", "[on_policy]\ngroup = 4\noptimizer.learning_rate = 1e-3\n").unwrap();
        let rlhf_train::profile::Method::OnPolicy(settings) = config.resolve().unwrap().0.method else {
            panic!()
        };
        assert_eq!((settings.group, settings.passes.optimizer.learning_rate), (4, 1e-3));
        let error = with("ppo", "[on_policy]\ngroup = 4\n").unwrap_err().to_string();
        assert!(error.starts_with("run.toml, line 6, on_policy.group"), "{error}");
    }

    #[test]
    fn settings_in_tables_are_checked_like_keys() {
        let error = |rest: &str| with("ppo", rest).unwrap_err().to_string();
        let misspelt = error("[ppo]\n\nepohcs = 2\n");
        assert!(misspelt.starts_with("run.toml, line 7") && misspelt.contains("`ppo.epochs`"), "{misspelt}");
        let misspelt = error("[ppo.gae]\nlamda = 0.9\n");
        assert!(
            misspelt.starts_with("run.toml, line 6") && misspelt.contains("`ppo.gae.lambda`"),
            "{misspelt}"
        );
        let wrong = error("[ppo.gae]\nlambda = 2\n");
        assert!(wrong.starts_with("run.toml, line 6") && wrong.contains("0 to 1"), "{wrong}");
        let no_limit = error("[ppo.shaping]\nscore_clip = nan\n");
        assert!(no_limit.starts_with("run.toml, line 6") && no_limit.contains("finite"), "{no_limit}");
        let group = error("[ppo]\ngae = 2\n");
        assert!(group.contains("[ppo.gae]"), "{group}");
        let twice =
            error("[ppo]\nepochs = 2\n[[override]]\nsetting = \"ppo.epochs\"\nvalue = 3\nreason = \"c\"\n");
        assert!(twice.starts_with("run.toml, line 6") && twice.contains("keep one"), "{twice}");
    }

    #[test]
    fn depth_and_number_are_limited() {
        for text in [
            format!("seed = {}1{}", "[".repeat(100_000), "]".repeat(100_000)),
            format!("[{}]", vec!["base"; 100_000].join(".")),
            "[[override]]\nsetting = \"ppo.epochs\"\nvalue = 1\nreason = \"a\"\n".repeat(1001),
        ] {
            assert!(super::parse(&text, "run.toml".as_ref()).is_err());
        }
    }
}
