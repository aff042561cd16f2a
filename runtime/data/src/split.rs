//! Which rows are held out.

use super::transcript::{ASSISTANT, HUMAN};
use crate::error::DataError;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// How many letters and digits of a prompt count.
const COUNTED: usize = 64;

/// What has to be on one side of a split: all rows of one prompt, and all rows of one user. Hashes
/// of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// The prompt's first 64 letters and digits in lower case, whatever its spelling.
    pub prompt: u64,
    /// The user, where the row names one (`user_id` or `user`).
    pub user: Option<u64>,
}

impl Group {
    /// The group of a prompt, with the turns' marks of a transcript or without, and of a user.
    pub fn new(prompt: &str, user: Option<&str>) -> Self {
        let text = prompt.strip_prefix(HUMAN).unwrap_or(prompt);
        let text = text.strip_suffix(ASSISTANT).unwrap_or(text);
        let letters = text.chars().filter(|c| c.is_alphanumeric()).take(COUNTED);
        let letters = letters.flat_map(char::to_lowercase).flat_map(|c| u32::from(c).to_le_bytes());
        // A user's name is no prompt: it begins with what no letter is.
        let user = user.map(|user| spread(fnv(b"\0user".iter().chain(user.as_bytes()).copied())));
        Self { prompt: spread(fnv(letters)), user }
    }
}

fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// FNV-1a's high bits are weak for short texts; murmur3's finaliser spreads the low ones.
fn spread(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

fn below(hash: u64, fraction: f64) -> bool {
    (hash >> 11) as f64 / (1u64 << 53) as f64 <= fraction && fraction > 0.0
}

/// Whether a prompt belongs to the held-out part, about `fraction` of all prompts (0 to 1).
///
/// It depends on the prompt's first 64 letters and digits in lower case alone: one prompt lands on
/// one side in every data set, whatever its spelling, and whatever else there is. Where rows name
/// users, [`Sides`] keeps those together too.
pub fn held_out(prompt: &str, fraction: f64) -> bool {
    below(Group::new(prompt, None).prompt, fraction)
}

/// Which side each prompt and each user is on: prompts of one user, and users of one prompt, are
/// together, and so are theirs in turn.
///
/// A first pass over all rows [joins](Self::join) them; then [`Self::held_out`] tells. Without users
/// it says what [`held_out`] says, and needs no memory; with users, about 40 bytes for each prompt
/// and each user. Where few users share many prompts, most rows may form one group, which no split
/// can part.
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
    /// Prompts and users by hash.
    index: HashMap<u64, u32>,
    /// A forest: each points to its parent, a root to itself.
    parent: Vec<u32>,
    /// Of each root, how many its tree has.
    size: Vec<u32>,
    /// Of each root, the smallest hash of a prompt in its tree, and whether there are others.
    prompts: Vec<(u64, bool)>,
}

impl Sides {
    /// Notes that a row's prompt and its user are together. Beyond 2³² prompts and users nothing more
    /// is noted.
    pub fn join(&mut self, group: Group) {
        let Some(user) = group.user else { return };
        let (Some(a), Some(b)) = (self.node(group.prompt, true), self.node(user, false)) else { return };
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

    /// Joins the rows that could be read of `groups`; those that could not are in no split.
    pub fn join_all(&mut self, groups: impl Iterator<Item = Result<Group, DataError>>) {
        groups.flatten().for_each(|group| self.join(group));
    }

    /// Whether a row is held out, as about `fraction` (0 to 1) of all groups are.
    pub fn held_out(&self, group: Group, fraction: f64) -> bool {
        let known = self.index.get(&group.prompt).or_else(|| self.index.get(&group.user?));
        let hash = match known.map(|i| self.prompts[self.root(*i as usize)]) {
            // The smallest of several is small; spread anew, it is as likely on either side.
            Some((least, true)) => spread(least ^ SEVERAL),
            Some((least, false)) if least != NO_PROMPT => least,
            _ => group.prompt,
        };
        below(hash, fraction)
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
/// Any number: the side of several prompts is not that of one of them.
const SEVERAL: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spelling_and_what_follows_do_not_matter() {
        let long = "a".repeat(64);
        for (a, b) in [
            ("Why is it so?", "\n\nHuman: why IS it -- so\n\nAssistant:"),
            (long.as_str(), &format!("{long}, and more")),
        ] {
            for fraction in [0.1, 0.3, 0.5, 0.7, 0.9] {
                assert_eq!(held_out(a, fraction), held_out(b, fraction));
            }
        }
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
        assert_eq!(sides, [true, false, true, false, true, false, true, true]);
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
                        prop_assert_eq!(sides.held_out(*a, fraction), sides.held_out(*b, fraction));
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
