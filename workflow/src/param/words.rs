//! The words by which documents name types, modes and sources; read in any case, written in upper snake case.

use super::{InternalMode, Mode, Source, Type};

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// All of them, in the order in which a message lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// What a word in any case stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word().eq_ignore_ascii_case(word))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words!(Type {
    String = "STRING",
    Long = "LONG",
    Double = "DOUBLE",
    Boolean = "BOOLEAN",
    StringArray = "STRING_ARRAY",
    LongArray = "LONG_ARRAY",
    DoubleArray = "DOUBLE_ARRAY",
    BooleanArray = "BOOLEAN_ARRAY",
    StringMap = "STRING_MAP",
    Map = "MAP",
});

words!(Mode {
    Mutable = "MUTABLE",
    MutableOnStartRestart = "MUTABLE_ON_START_RESTART",
    MutableOnStart = "MUTABLE_ON_START",
    Immutable = "IMMUTABLE",
    Constant = "CONSTANT",
});

words!(InternalMode {
    Required = "REQUIRED",
    Optional = "OPTIONAL",
    Provided = "PROVIDED",
    Reserved = "RESERVED",
});

words!(Source {
    System = "SYSTEM",
    SystemDefault = "SYSTEM_DEFAULT",
    SystemInjected = "SYSTEM_INJECTED",
    TemplateSchema = "TEMPLATE_SCHEMA",
    Definition = "DEFINITION",
    Launch = "LAUNCH",
    Restart = "RESTART",
    Subworkflow = "SUBWORKFLOW",
    Foreach = "FOREACH",
    While = "WHILE",
    Template = "TEMPLATE",
    Signal = "SIGNAL",
    TimeTrigger = "TIME_TRIGGER",
    OutputParameter = "OUTPUT_PARAMETER",
    WorkflowParameter = "WORKFLOW_PARAMETER",
});
