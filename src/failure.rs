//! What went wrong, as every door shows it: a kind for programs, a sentence for people, and what they can do.

use serde::{Serialize, Serializer};

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
    /// What the person can do.
    pub hint: Option<String>,
}

/// Declares the kinds with their stable names and what they mean.
macro_rules! kinds {
    ($($(#[doc = $meaning:literal])+ $kind:ident = $name:literal,)*) => {
        /// The kind of a failure. `docs/protocol.md` lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FailureKind {
            $($(#[doc = $meaning])+ $kind,)*
        }

        impl FailureKind {
            /// All kinds, each with its meaning.
            pub const ALL: &[(Self, &str)] = &[$((Self::$kind, concat!($($meaning),+)),)*];

            /// Its stable name, for programs.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// an option, a setting or a variable of the environment makes no sense
    Configuration = "configuration",
    /// there is a limit on cost, and the price of a model is not known
    UnknownPrice = "unknownPrice",
    /// it may cost more than the person has agreed to
    NotConfirmed = "notConfirmed",
    /// a limit was met before there was anything to show
    Limit = "limit",
    /// a model gave no usable answer
    NoAnswer = "noAnswer",
    /// a model cannot give the kind of answer that is asked for
    Unsuitable = "unsuitable",
    /// a reply was cut off, and was to be the whole answer
    ReplyCut = "replyCut",
    /// the interpreter could not be started, or the connection to it failed
    Interpreter = "interpreter",
    /// a fault of the program
    Internal = "internal",
    /// no key for the provider is set
    MissingKey = "missingKey",
    /// the provider refused the key
    Unauthorized = "unauthorized",
    /// the account has no credit
    NoCredit = "noCredit",
    /// the provider has no such model
    UnknownModel = "unknownModel",
    /// the provider turned calls away for their rate
    RateLimited = "rateLimited",
    /// the server failed
    Server = "server",
    /// the server could not be reached
    Unreachable = "unreachable",
    /// the connection broke during a reply
    BrokenReply = "brokenReply",
    /// the reply had no text
    EmptyReply = "emptyReply",
    /// the prompt does not fit the window of the model
    PromptTooLong = "promptTooLong",
    /// the provider refused the request
    Rejected = "rejected",
    /// the server was silent for too long
    TimedOut = "timedOut",
    /// the command of a `cli:` model failed
    Program = "program",
    /// there is no such file or folder
    NoSuchPath = "noSuchPath",
    /// a file or folder cannot be read
    Unreadable = "unreadable",
    /// a glob makes no sense
    BadGlob = "badGlob",
    /// there is nothing to read
    Empty = "empty",
    /// a text was changed while it was read
    Changed = "changed",
    /// a text or a result is too long for what was asked
    TooLong = "tooLong",
    /// a value is no JSON
    BadJson = "badJson",
    /// a shard store was named beside other paths or with globs
    StoreNotAlone = "storeNotAlone",
    /// reading was stopped
    Stopped = "stopped",
    /// a text cannot be stored
    Storage = "storage",
    /// the location of a shard store makes no sense
    BadLocation = "badLocation",
    /// there is no shard store
    NoStore = "noStore",
    /// a shard store was not written to its end
    HalfWritten = "halfWritten",
    /// a folder holds other files than those of a shard store
    OtherFiles = "otherFiles",
    /// a shard store is not where it says
    BadStore = "badStore",
    /// the manifest of a shard store is damaged
    BadManifest = "badManifest",
    /// a shard store holds another text
    OtherText = "otherText",
    /// another process writes to the shard store
    Busy = "busy",
    /// another process was quicker
    Overtaken = "overtaken",
    /// the shard store was replaced meanwhile
    Replaced = "replaced",
    /// a shard is damaged
    BadShard = "badShard",
    /// an object store refused access, or failed
    NoAccess = "noAccess",
    /// the input cannot be read
    BadInput = "badInput",
    /// a pattern makes no sense
    BadPattern = "badPattern",
    /// a line is too long
    LongLine = "longLine",
    /// a range is outside of the text
    BadRange = "badRange",
    /// nothing is looked for
    EmptyNeedle = "emptyNeedle",
    /// the size of shards makes no sense
    BadShardSize = "badShardSize",
    /// the manifest would be too large
    LargeManifest = "largeManifest",
    /// the client has no folder open
    NoFolder = "noFolder",
    /// a file that was named is left out
    LeftOut = "leftOut",
    /// the URI of a scope is no file
    NoFile = "noFile",
    /// the document of a selection is not open
    NotOpen = "notOpen",
    /// a run has no trace, or none that can be read
    NoTrace = "noTrace",
    /// git failed, or knows nothing of what was asked
    Git = "git",
    /// a file of findings, a baseline or dismissals, makes no sense, or has not what was named
    BadFindings = "badFindings",
}

/// Kinds are compared with their names.
impl PartialEq<&str> for FailureKind {
    fn eq(&self, name: &&str) -> bool {
        self.name() == *name
    }
}

impl Serialize for FailureKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::FailureKind;
    use std::collections::BTreeSet;

    #[test]
    fn the_protocol_lists_every_kind_and_no_other() {
        let page = include_str!("../docs/protocol.md");
        let (_, list) = page.split_once("| kind of failure | meaning |\n|---|---|\n").expect("the list is there");
        let listed: Vec<&str> = list.lines().take_while(|line| line.starts_with('|')).collect();
        let expected: Vec<String> =
            FailureKind::ALL.iter().map(|(kind, meaning)| format!("| `{}` |{meaning} |", kind.name())).collect();
        assert_eq!(listed, expected, "the list should be\n{}", expected.join("\n"));
    }

    #[test]
    fn no_name_stands_for_two_kinds() {
        let names: BTreeSet<&str> = FailureKind::ALL.iter().map(|(kind, _)| kind.name()).collect();
        assert_eq!(names.len(), FailureKind::ALL.len());
    }
}
