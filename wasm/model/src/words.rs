//! The words and sentences that stories are made of.
//!
//! In a template `{S}` is the hero at the beginning of a sentence, `{h}` the hero inside it, and `{t}` the topic's noun.

/// Boys, who are "he".
pub const BOYS: [&str; 5] = ["Tom", "Ben", "Sam", "Max", "Leo"];

/// Girls, who are "she".
pub const GIRLS: [&str; 5] = ["Lily", "Mia", "Anna", "Zoe", "Ella"];

/// Animals, which are "it".
pub const ANIMALS: [&str; 12] =
    ["fox", "cat", "dog", "mouse", "rabbit", "duck", "hen", "pig", "goat", "frog", "horse", "turtle"];

/// Qualities of a hero.
pub const QUALITIES: [&str; 8] = ["small", "brave", "old", "young", "quiet", "clever", "white", "hungry"];

/// Things that an opening tells of.
pub const THINGS: [&str; 10] = ["kite", "hat", "box", "ball", "book", "drum", "map", "key", "bell", "lamp"];

/// Colors and sizes of things.
pub const LOOKS: [&str; 6] = ["red", "blue", "green", "big", "round", "tiny"];

/// Places.
pub const PLACES: [&str; 10] =
    ["river", "forest", "garden", "hill", "market", "lake", "school", "barn", "beach", "park"];

/// A topic: its noun, and sentences about it without their mark at the end.
pub struct Topic {
    /// The noun, which is also the word to ask for as a keyword.
    pub noun: &'static str,
    /// Its sentences.
    pub sentences: [&'static str; 4],
}

const fn topic(noun: &'static str, sentences: [&'static str; 4]) -> Topic {
    Topic { noun, sentences }
}

/// The topics. The last two are scary.
pub const TOPICS: [Topic; 14] = [
    topic(
        "cake",
        [
            "{S} baked a big cake",
            "There was a cake on the table",
            "{S} ate some cake",
            "{S} found a sweet cake",
        ],
    ),
    topic(
        "rain",
        ["Then the rain came", "{S} ran in the rain", "The rain was warm", "{S} listened to the rain"],
    ),
    topic(
        "friend",
        [
            "{S} met a new friend",
            "A friend came along",
            "{S} played with a friend",
            "An old friend said hello",
        ],
    ),
    topic(
        "moon",
        ["The moon was bright", "{S} looked at the moon", "The moon came up", "{S} walked under the moon"],
    ),
    topic(
        "dragon",
        [
            "A green dragon flew by",
            "{S} saw a little dragon",
            "A dragon sat on a rock",
            "{S} waved to a dragon",
        ],
    ),
    topic(
        "boat",
        [
            "{S} got into a boat",
            "A boat came down the water",
            "{S} made a paper boat",
            "There was a yellow boat",
        ],
    ),
    topic("song", ["{S} sang a song", "{S} heard a soft song", "A bird sang a song", "{S} knew an old song"]),
    topic(
        "snow",
        ["Then the snow came", "{S} rolled in the snow", "The snow was deep", "{S} ran through the snow"],
    ),
    topic(
        "flower",
        [
            "{S} picked a flower",
            "There was a yellow flower",
            "{S} smelled a flower",
            "A flower grew by the road",
        ],
    ),
    topic(
        "king",
        ["A king rode by", "{S} met the king", "The king wore a gold hat", "{S} waved to the king"],
    ),
    topic(
        "bear",
        ["A big bear came along", "{S} saw a brown bear", "A bear sat on a rock", "{S} played with a bear"],
    ),
    topic("train", ["A train went by", "{S} heard a train", "{S} got on a train", "The train was fast"]),
    topic(
        "ghost",
        ["A ghost came along", "{S} saw a white ghost", "{S} heard a ghost", "There was a ghost in the fog"],
    ),
    topic("wolf", ["A wolf howled", "{S} saw a wolf", "A wolf came out of the fog", "{S} heard a wolf"]),
];

/// Something said, whole.
pub const DIALOGUE: [&str; 8] = [
    "\" Look at the {t} ! \" said {h} .",
    "\" I like the {t} , \" said {h} .",
    "\" Where is the {t} ? \" asked {h} .",
    "\" Can you see the {t} ? \" asked {h} .",
    "\" Here is the {t} , \" said {h} .",
    "\" Come and see the {t} ! \" said {h} .",
    "\" I know that {t} , \" said {h} .",
    "\" Oh , the {t} ! \" said {h} .",
];

/// How a story ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All is well.
    Happy,
    /// Somebody is sad.
    Sad,
    /// Nothing much.
    Neutral,
    /// Something frightens.
    Scary,
}

/// The endings, all equally frequent, each with its sentences without their mark at the end.
pub const ENDINGS: [(Ending, [&str; 8]); 4] = [
    (
        Ending::Happy,
        [
            "{S} was very happy",
            "{S} smiled and went home",
            "{S} danced with joy",
            "It was the best day ever",
            "{S} laughed and laughed",
            "Everybody cheered",
            "{S} hugged mother",
            "{S} was glad all day",
        ],
    ),
    (
        Ending::Sad,
        [
            "{S} was very sad",
            "{S} cried and went home",
            "{S} felt lonely",
            "It was a sad day",
            "{S} sighed and sighed",
            "Everybody wept",
            "{S} missed mother",
            "{S} was lonely all day",
        ],
    ),
    (
        Ending::Neutral,
        [
            "{S} was very tired",
            "{S} turned and went home",
            "{S} had some soup",
            "It was a long day",
            "{S} walked and walked",
            "Everybody slept",
            "{S} called mother",
            "{S} was busy all day",
        ],
    ),
    (
        Ending::Scary,
        [
            "{S} was very scared",
            "{S} screamed and went home",
            "{S} shook with fear",
            "It was a spooky night",
            "{S} trembled and trembled",
            "Everybody screamed",
            "{S} saw a monster",
            "{S} was afraid all night",
        ],
    ),
];

/// Words by which a reader knows a happy ending.
pub const HAPPY: [&str; 9] =
    ["happy", "smiled", "joy", "best", "laughed", "cheered", "hugged", "glad", "danced"];

/// Words by which a reader knows a sad ending.
pub const SAD: [&str; 6] = ["sad", "cried", "lonely", "sighed", "wept", "missed"];

/// Scary words.
pub const SCARY: [&str; 11] = [
    "scared", "screamed", "shook", "fear", "spooky", "trembled", "monster", "afraid", "ghost", "wolf",
    "howled",
];
