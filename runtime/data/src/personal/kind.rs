//! Kinds of personal data.

use serde::Serialize;

/// A kind of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A payment card's number.
    Card,
    /// The number of a bank account (IBAN).
    Iban,
    /// A street with a house's number.
    Address,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A name of the list.
    Name,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] =
        [Self::Email, Self::Phone, Self::Card, Self::Iban, Self::Address, Self::Ip, Self::Name];

    /// The text that replaces it.
    pub fn mask(self) -> &'static str {
        match self {
            Self::Email => "<email>",
            Self::Phone => "<phone>",
            Self::Card => "<card>",
            Self::Iban => "<iban>",
            Self::Address => "<address>",
            Self::Ip => "<ip>",
            Self::Name => "<name>",
        }
    }
}
