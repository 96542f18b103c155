//! The words by which documents name types, modes and sources; read in any case, written in upper snake case.

use super::{InternalMode, Mode, Source, Type};
use crate::words::words;

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
