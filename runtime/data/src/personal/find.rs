//! What is found in a text.

use super::kind::Kind;
use super::names::Names;
use super::patterns::Patterns;
use core::ops::Range;
use serde::Serialize;

/// How often each kind was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    email: u64,
    phone: u64,
    card: u64,
    ip: u64,
    name: u64,
}

impl Counts {
    /// How often a kind was found.
    pub fn of(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Email => self.email,
            Kind::Phone => self.phone,
            Kind::Card => self.card,
            Kind::Ip => self.ip,
            Kind::Name => self.name,
        }
    }

    /// How often any was.
    pub fn total(&self) -> u64 {
        Kind::ALL.iter().map(|kind| self.of(*kind)).sum()
    }

    /// One more.
    pub(super) fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Email => self.email += 1,
            Kind::Phone => self.phone += 1,
            Kind::Card => self.card += 1,
            Kind::Ip => self.ip += 1,
            Kind::Name => self.name += 1,
        }
    }

    /// Those of another text too.
    pub fn add(&mut self, other: &Self) {
        self.email += other.email;
        self.phone += other.phone;
        self.card += other.card;
        self.ip += other.ip;
        self.name += other.name;
    }
}

/// Finds personal data in texts.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    patterns: Patterns,
    names: Names,
}

impl Finder {
    /// One that finds these names, beside what goes by its form.
    pub fn with_names(names: Names) -> Self {
        Self { names, ..Self::default() }
    }

    /// Where there is what, from left to right, none overlapping another.
    pub fn find(&self, text: &str) -> Vec<(Kind, Range<usize>)> {
        let mut found = self.patterns.find(text);
        found.extend(self.names.find(text).into_iter().map(|at| (Kind::Name, at)));
        // The longer of two that begin together; kinds in their order after that.
        found.sort_by_key(|(kind, at)| (at.start, core::cmp::Reverse(at.end), *kind));
        let mut end = 0;
        found.retain(|(_, at)| {
            let free = at.start >= end;
            if free {
                end = at.end;
            }
            free
        });
        found
    }

    /// How much there is of each kind.
    pub fn count(&self, text: &str) -> Counts {
        let mut counts = Counts::default();
        self.find(text).into_iter().for_each(|(kind, _)| counts.count(kind));
        counts
    }

    /// The text with everything found replaced by [`Kind::mask`]; `None` where nothing was.
    pub fn mask(&self, text: &str) -> Option<(String, Counts)> {
        let found = self.find(text);
        if found.is_empty() {
            return None;
        }
        let (mut out, mut counts, mut end) = (String::with_capacity(text.len()), Counts::default(), 0);
        for (kind, at) in found {
            out.push_str(text.get(end..at.start).unwrap_or_default());
            out.push_str(kind.mask());
            counts.count(kind);
            end = at.end;
        }
        out.push_str(text.get(end..).unwrap_or_default());
        Some((out, counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(text: &str) -> String {
        Finder::default().mask(text).map_or(text.into(), |(text, _)| text)
    }

    #[test]
    fn each_kind_is_masked() {
        for (text, want) in [
            ("Ask ann.lee+rl@mail.example.org.", "Ask <email>."),
            ("mailto:a@example.com,b@example.com", "mailto:<email>,<email>"),
            ("+1 (212) 555-0199 or 212-555-0199", "<phone> or <phone>"),
            ("Call (212) 555-0199, or +44 20 7946 0018!", "Call <phone>, or <phone>!"),
            ("tel 212.555.0199; +4930905820199", "tel <phone>; <phone>"),
            ("4111 1111 1111 1111 and 4111-1111-1111-1111", "<card> and <card>"),
            ("pay 4111111111111111 now", "pay <card> now"),
            ("amex 378282246310005", "amex <card>"),
            ("from 192.0.2.17:80 to 2001:db8::1, ::1", "from <ip>:80 to <ip>, <ip>"),
            ("2001:db8:0:0:0:0:2:1", "<ip>"),
            ("é212-555-0199é a@example.org", "é212-555-0199é <email>"),
        ] {
            assert_eq!(masked(text), want, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_stays() {
        for text in [
            "In 1999, 2024-01-31, 1990-2000, 31.12.1999 and 12/31/1999.",
            "It costs $1,299.00, €12.50 or 1.000.000,00.",
            "Version 1.2.3, v1.2.3.4, version 10.0.19041.1, 3.14159265358979",
            "4111111111111112 is no card; 1234567890123456 neither.",
            "0000000000000000",
            "1234567890 and 12345678 and 100 200 3000",
            "12:30:45 and a::b, std::io::Read, Foo::bar, 10:11",
            "999.999.999.999 1.2.3 1.2.3.4.5",
            "a@b, @name, user@localhost, x @ y.org",
            "ISBN 978-3-16-148410-0",
            "1 + 2 = 3, (3) 4-5, 10-20-3000",
            "e = 2.718281828459045, 6.02214076e23",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn names_of_the_list() {
        let finder = Finder::with_names(Names::new(["Ann Example", "Mark", "José"]));
        let masked = |text: &str| finder.mask(text).map_or(text.into(), |(text, _)| text);
        assert_eq!(masked("Ann  Example met MARK."), "<name> met <name>.");
        assert_eq!(masked("mark the Market, Ann; Josés"), "mark the Market, Ann; Josés");
        assert_eq!(masked("José's, Ann-Example"), "<name>'s, Ann-Example");
    }

    proptest! {
        /// Masking finds nothing more, and leaves what is outside.
        #[test]
        fn masked_twice_is_masked_once(text in "([a-c@.:+() 0-9é-]|a@example.org|192.0.2.7|212-555-0199 ){0,40}") {
            if let Some((once, counts)) = Finder::default().mask(&text) {
                prop_assert!(counts.total() > 0);
                prop_assert!(once.contains('<'));
            }
        }
    }
}
