//! What can be called, and in which ways.

/// The number of a node.
pub(crate) type NodeId = usize;

/// The number of a set of nodes.
pub(crate) type SetId = usize;

/// Something that can be called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node<'data> {
    /// A function of the program, by its number.
    Function(usize),
    /// A function of another shared object.
    Import(&'data str),
    /// A system call, by an instruction or by the C library's function of this name. Its number may not be in sight.
    SystemCall { number: Option<u32>, arguments: Values, by: Option<&'data str> },
    /// A call whose target is computed: the one at this address. The offset is that of a slot in a table of methods.
    Dynamic { site: u64, offset: Option<u64> },
    /// Code of which nothing is known.
    Unknown(Unknown),
}

/// Why nothing is known of some code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unknown {
    /// No symbol is there.
    NoSymbol(u64),
    /// Its bytes are not in the file.
    NoBytes,
    /// Some of its bytes are no instruction.
    Unreadable(u64),
    /// It is entered in the middle of an instruction.
    Middle(u64),
    /// It calls into its own midst, from where it may come back to anywhere.
    OwnMidst(u64),
    /// It leads by a computed address into the midst of a function, with whatever its registers hold.
    OthersMidst(u64),
    /// It is called through memory that is not in the file.
    Slot(u64),
    /// It uses the numbers of 32-bit programs.
    OldSystemCall,
}

/// The first arguments of a call, as far as they are known.
pub(crate) type Values = [Option<u64>; 6];

/// In which way a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum EdgeKind {
    /// By a call instruction.
    Call,
    /// By a jump, or by going on behind the function's end.
    TailCall,
    /// A destructor is called.
    DropGlue,
    /// Made only where something unwinds.
    Unwind,
    /// Made only to tell why the program ends, or panics, right behind it.
    Failure,
    /// To what a function is given to call, or by a computed address.
    Dynamic,
    /// Of a method of a trait object: through a table of methods, to one of those that it may be.
    Method,
    /// By a pointer to a function, to one of those that it may point to.
    Pointer,
}

impl EdgeKind {
    /// Whether what is called was found by its type.
    pub(crate) const fn is_by_type(self) -> bool {
        matches!(self, Self::Method | Self::Pointer)
    }

    /// Returns the name by which reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::TailCall => "tail call",
            Self::DropGlue => "drop",
            Self::Unwind => "unwind",
            Self::Failure => "call before a panic",
            Self::Dynamic => "dynamic call",
            Self::Method => "dynamic call through a vtable",
            Self::Pointer => "dynamic call by a fn pointer",
        }
    }
}

/// What makes that a call may lead to something. A call waits until that was followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Made {
    /// Nothing that is known: it may always be there.
    #[default]
    Before,
    /// Where the method is that of a writer of text which is made for the time of a call, what makes it.
    AsWriter,
    /// What makes an object with the method, as a field of what is written.
    AsField,
    /// What takes the function's address, for an argument of what is written.
    AsArgument,
    /// As an argument of a text that the library makes of a value of its own, and gives to nobody but its writer.
    AsPrivateArgument,
}

/// What a call may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callees {
    One(NodeId),
    /// One of several. Many calls of the same type share a set.
    OneOf(SetId),
}

/// A call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) to: Callees,
    /// The address of the instruction.
    pub(crate) site: u64,
    pub(crate) kind: EdgeKind,
    pub(crate) made: Made,
}
