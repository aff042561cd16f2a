//! Configurations of earlier versions: they keep working, and say what has changed.

/// The form of configurations that this version writes.
pub const VERSION: u64 = 1;

/// A key that has another name now.
pub struct Renamed {
    /// The form of the file in which it first had the new one.
    pub since: u64,
    /// The old name.
    pub from: &'static str,
    /// The new one.
    pub to: &'static str,
    /// What has changed beside the name; empty if nothing has.
    pub what: &'static str,
}

/// All renamed keys, oldest first. There are none yet.
pub const RENAMED: &[Renamed] = &[];

impl Renamed {
    /// The name now of a key in a file of form `version`, and what to tell the reader of it.
    pub fn now(all: &[Self], name: &str, version: u64) -> (String, Vec<String>) {
        let (mut name, mut notes) = (name.to_owned(), Vec::new());
        for renamed in all.iter().filter(|renamed| renamed.since > version) {
            if renamed.from == name {
                let Self { since, from, to, what } = renamed;
                let dot = if what.is_empty() { "" } else { ": " };
                notes.push(format!("`{from}` is `{to}` since version {since}{dot}{what}"));
                name = (*to).to_owned();
            }
        }
        (name, notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_lead_to_the_new_and_new_files_have_to_use_those() {
        let all = [
            Renamed { since: 2, from: "a.b", to: "a.c", what: "" },
            Renamed { since: 3, from: "a.c", to: "d", what: "it counts tokens" },
        ];
        let now = |version| Renamed::now(&all, "a.b", version);
        let (name, notes) = now(1);
        assert_eq!(name, "d");
        assert_eq!(
            notes,
            ["`a.b` is `a.c` since version 2", "`a.c` is `d` since version 3: it counts tokens"]
        );
        assert_eq!(now(2), ("a.b".into(), vec![]));
        assert_eq!(Renamed::now(&all, "x", 1), ("x".into(), vec![]));
    }
}
