//! Split of rows into those for training and those held out.

use super::identity::normalized;
use super::transcript::{ASSISTANT, HUMAN};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::OnceLock;

/// The rows that a split keeps on one side: all of one prompt, and all of one user. Hashes of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// The whole prompt, whatever its spelling: in lower case, with single spaces, and without the punctuation
    /// that ends sentences. Signs, digits, symbols and emoji count.
    pub prompt: u64,
    /// The user, where the row names one (`user_id` or `user`).
    pub user: Option<u64>,
}

impl Group {
    /// The group of a prompt, with the turns' marks of a transcript or without, and of a user.
    pub fn new(prompt: &str, user: Option<&str>) -> Self {
        let text = prompt.strip_prefix(HUMAN).unwrap_or(prompt);
        let text = text.strip_suffix(ASSISTANT).unwrap_or(text);
        let text = normalized(text).flat_map(|c| u32::from(c).to_le_bytes());
        // A user's name is no prompt: it begins with what no text does.
        let user = user.map(|user| mix_bits(fnv(b"\0user".iter().chain(user.as_bytes()).copied())));
        Self { prompt: mix_bits(fnv(text)), user }
    }
}

/// Returns whether a user's name is a placeholder that programs write where there is none.
pub(super) fn is_placeholder(user: &str) -> bool {
    let name = user.trim().to_lowercase();
    let word = name.trim_matches(|c: char| !c.is_alphanumeric());
    let nobody = matches!(
        word,
        "" | "0"
            | "admin"
            | "anon"
            | "anonymous"
            | "anonymous user"
            | "anonymous_user"
            | "default"
            | "default_user"
            | "empty"
            | "guest"
            | "missing"
            | "n/a"
            | "na"
            | "nan"
            | "nil"
            | "no user"
            | "nobody"
            | "none"
            | "null"
            | "no_user"
            | "system"
            | "test"
            | "tbd"
            | "undefined"
            | "unknown"
            | "unknown_user"
            | "user"
            | "username"
    );
    nobody || name == "-1" || (!word.is_empty() && word.chars().all(|c| matches!(c, '0' | '-')))
}

fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Spreads the bits of a hash: FNV-1a's high bits are weak for short texts, and murmur3's finalizer spreads the low
/// ones.
fn mix_bits(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

fn below(hash: u64, fraction: f64) -> bool {
    (hash >> 11) as f64 / (1u64 << 53) as f64 <= fraction && fraction > 0.0
}

/// Returns whether a prompt belongs to the held-out part, about `fraction` of all prompts (0 to 1).
///
/// It depends on the prompt alone: one prompt lands on one side in every data set, whatever its spelling, and
/// whatever else there is. Where rows name users, [`Sides`] keeps those together too.
pub fn held_out(prompt: &str, fraction: f64) -> bool {
    below(Group::new(prompt, None).prompt, fraction)
}

/// The side of each prompt and each user: prompts of one user, and users of one prompt, are together, and so are theirs
/// in turn.
///
/// A first pass over all rows [joins](Self::join) them; then [`Self::held_out`] decides. Without users
/// it agrees with [`held_out`], and needs no memory; with users, 16 bytes for each of their rows, and about
/// 40 for each prompt and each user.
///
/// A user of more than half of all rows, of which there are 8 or more, joins nothing: that is a name that
/// everybody has, or the data of one person, which no split could part. Where few users share many prompts,
/// most rows may form one group all the same: [`Self::is_joined`].
///
/// ```
/// use rlhf_data::{Group, Sides};
/// let mut sides = Sides::default();
/// let (a, b) = (Group::new("Why?", Some("u1")), Group::new("How?", Some("u1")));
/// sides.join(a);
/// sides.join(b);
/// assert_eq!(sides.held_out(a, 0.5), sides.held_out(b, 0.5));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sides {
    rows: u64,
    /// A row's prompt and its user.
    edges: Vec<(u64, u64)>,
    /// The trees, made when they are first needed.
    forest: OnceLock<Forest>,
}

impl Sides {
    /// Notes that a row's prompt and its user are together.
    pub fn join(&mut self, group: Group) {
        self.rows += 1;
        if let Some(user) = group.user {
            self.edges.push((group.prompt, user));
            self.forest = OnceLock::new();
        }
    }

    /// Returns whether a row is held out, as about `fraction` (0 to 1) of all groups are.
    pub fn held_out(&self, group: Group, fraction: f64) -> bool {
        let hash = match self.forest().tree(group) {
            // The smallest of several is small; spread anew, it is as likely on either side.
            Some((least, true)) => mix_bits(least ^ SEVERAL),
            Some((least, false)) if least != NO_PROMPT => least,
            _ => group.prompt,
        };
        below(hash, fraction)
    }

    /// Returns whether a row is kept together with rows of other prompts, because of users.
    pub fn is_joined(&self, group: Group) -> bool {
        self.forest().tree(group).is_some_and(|(_, several)| several)
    }

    fn forest(&self) -> &Forest {
        self.forest.get_or_init(|| Forest::new(&self.edges, self.rows))
    }
}

/// The number of rows below which all may be one user's.
const FEWEST_ROWS: u64 = 8;

/// Prompts and users that are together.
#[derive(Clone, Debug, Default)]
struct Forest {
    /// Prompts and users by hash.
    index: HashMap<u64, u32>,
    /// A forest: each points to its parent, a root to itself.
    parent: Vec<u32>,
    /// The size of each root's tree.
    size: Vec<u32>,
    /// The smallest hash of a prompt in each root's tree, and whether there are others.
    prompts: Vec<(u64, bool)>,
}

impl Forest {
    fn new(edges: &[(u64, u64)], rows: u64) -> Self {
        let (mut users, mut forest) = (HashMap::<u64, u64>::new(), Self::default());
        for (_, user) in edges {
            *users.entry(*user).or_default() += 1;
        }
        users.retain(|_, of| rows >= FEWEST_ROWS && *of > rows / 2);
        let joins = edges.iter().filter(|(_, user)| !users.contains_key(user));
        joins.for_each(|(prompt, user)| forest.join(*prompt, *user));
        forest
    }

    /// Joins a prompt and a user. Beyond 2³² of them nothing more is noted.
    fn join(&mut self, prompt: u64, user: u64) {
        let (Some(a), Some(b)) = (self.node(prompt, true), self.node(user, false)) else { return };
        let (a, b) = (self.compress(a), self.compress(b));
        if a == b {
            return;
        }
        let (root, leaf) = if self.size[a] < self.size[b] { (b, a) } else { (a, b) };
        self.parent[leaf] = root as u32;
        self.size[root] = self.size[root].saturating_add(self.size[leaf]);
        let ((least, many), (other, others)) = (self.prompts[root], self.prompts[leaf]);
        let both = least != NO_PROMPT && other != NO_PROMPT;
        self.prompts[root] = (least.min(other), many || others || both);
    }

    /// The smallest hash of a prompt in a row's tree, and whether there are others.
    fn tree(&self, group: Group) -> Option<(u64, bool)> {
        let known = self.index.get(&group.prompt).or_else(|| self.index.get(&group.user?))?;
        Some(self.prompts[self.root(*known as usize)])
    }

    fn node(&mut self, hash: u64, prompt: bool) -> Option<usize> {
        let next = u32::try_from(self.parent.len()).ok()?;
        match self.index.entry(hash) {
            Entry::Occupied(found) => Some(*found.get() as usize),
            Entry::Vacant(free) => {
                free.insert(next);
                self.parent.push(next);
                self.size.push(1);
                self.prompts.push((if prompt { hash } else { NO_PROMPT }, false));
                Some(next as usize)
            }
        }
    }

    fn root(&self, mut node: usize) -> usize {
        while self.parent[node] as usize != node {
            node = self.parent[node] as usize;
        }
        node
    }

    /// The root, to which the node points from now on.
    fn compress(&mut self, node: usize) -> usize {
        let root = self.root(node);
        self.parent[node] = root as u32;
        root
    }
}

/// A tree of users alone.
const NO_PROMPT: u64 = u64::MAX;
/// An arbitrary number: the side of several prompts is not that of one of them.
const SEVERAL: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spelling_does_not_matter_and_all_of_the_text_does() {
        let (a, b) = ("Why is it so?", "\n\nHuman: why IS it -- so\n\nAssistant:");
        assert_eq!(Group::new(a, None), Group::new(b, None));
        let template = "Below is an instruction that describes a task. ".repeat(9);
        let prompts =
            ["cat", "dog", "1+2", "1-2"].map(|end| Group::new(&(template.clone() + end), None).prompt);
        assert!((0..4).all(|i| (0..i).all(|j| prompts[i] != prompts[j])));
    }

    #[test]
    fn nobody_joins_nothing() {
        for user in [
            "",
            "-",
            "anonymous",
            "Unknown",
            "N/A",
            "None",
            " null ",
            "0",
            "-1",
            "<anon>",
            "00000000-0000",
            "?",
        ] {
            assert!(is_placeholder(user), "{user:?}");
        }
        for user in ["1", "-2", "ann", "user 7", "user_1", "10", "anonymous-17", "Nana"] {
            assert!(!is_placeholder(user), "{user:?}");
        }
    }

    #[test]
    fn a_user_of_most_rows_joins_nothing() {
        let sides = |users: &dyn Fn(usize) -> &'static str| {
            let mut sides = Sides::default();
            let rows: Vec<_> = (0..400).map(|i| Group::new(&format!("Prompt {i}"), Some(users(i)))).collect();
            rows.iter().for_each(|row| sides.join(*row));
            let held = rows.iter().filter(|row| sides.held_out(**row, 0.2)).count();
            (held, rows.iter().any(|row| sides.is_joined(*row)))
        };
        let (held, joined) = sides(&|_| "the lab");
        assert!((40..120).contains(&held) && !joined, "{held}");
        let (held, joined) = sides(&|i| ["a", "b"][i % 2]);
        assert!([0, 200, 400].contains(&held) && joined, "{held}");
    }

    #[test]
    fn the_fraction_is_kept() {
        let part = |fraction| (0..10_000).filter(|i| held_out(&format!("Prompt {i}"), fraction)).count();
        assert!((900..1100).contains(&part(0.1)), "{}", part(0.1));
        assert!((4800..5200).contains(&part(0.5)), "{}", part(0.5));
        assert_eq!((part(0.0), part(1.0)), (0, 10_000));
    }

    #[test]
    fn sides_keep_across_versions() {
        let sides: Vec<bool> = (0..8).map(|i| held_out(&format!("Prompt {i}"), 0.5)).collect();
        assert_eq!(sides, [true, true, false, false, true, false, false, true]);
    }

    #[test]
    fn users_of_several_prompts_are_held_out_as_often() {
        let mut sides = Sides::default();
        let rows: Vec<_> = (0..20_000)
            .map(|i| Group::new(&format!("Prompt {i}"), Some(&format!("user {}", i / 8))))
            .collect();
        rows.iter().for_each(|row| sides.join(*row));
        let held = rows.iter().filter(|row| sides.held_out(**row, 0.2)).count();
        assert!((3400..4600).contains(&held), "{held}");
    }

    proptest! {
        /// Prompts by users, any of both: nothing that is connected is parted, in any order of rows,
        /// and rows without users are where they were.
        #[test]
        fn neither_a_prompt_nor_a_user_is_parted(
            rows in prop::collection::vec((0u8..40, prop::option::of(0u8..12)), 1..80),
            fraction in 0.05f64..0.95,
        ) {
            let groups: Vec<Group> = rows
                .iter()
                .map(|(p, u)| Group::new(&format!("Prompt {p}"), u.map(|u| u.to_string()).as_deref()))
                .collect();
            let (mut sides, mut reversed) = (Sides::default(), Sides::default());
            groups.iter().for_each(|g| sides.join(*g));
            groups.iter().rev().for_each(|g| reversed.join(*g));
            for a in &groups {
                prop_assert_eq!(sides.held_out(*a, fraction), reversed.held_out(*a, fraction));
                for b in &groups {
                    if a.prompt == b.prompt || (a.user.is_some() && a.user == b.user) {
                        let of_most = |g: &Group| {
                            let of = groups.iter().filter(|other| other.user == g.user).count();
                            groups.len() >= 8 && of > groups.len() / 2
                        };
                        if a.prompt == b.prompt || !of_most(a) {
                            prop_assert_eq!(sides.held_out(*a, fraction), sides.held_out(*b, fraction));
                        }
                    }
                }
            }
            let mut alone = Sides::default();
            for (group, (p, _)) in groups.iter().zip(&rows) {
                let group = Group { user: None, ..*group };
                alone.join(group);
                prop_assert_eq!(alone.held_out(group, fraction), held_out(&format!("Prompt {p}"), fraction));
            }
        }
    }
}
