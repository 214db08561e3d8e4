//! What a function's entry must do, and every mistake in asking for it.

mod await_point;
mod errors;
mod suggestion;

use proc_macro2::{Ident, Span, TokenStream};
use syn::{FnArg, Signature};

use crate::args::Args;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::{BlockKind, Function};
use crate::parameters::{Asked, Behind, Parameter, Role, Scope, Stranger, Token, bound_names};

pub(crate) use errors::remaining_attributes;

use errors::refuse_conditions;

/// What the function's entry does.
#[derive(Debug)]
pub(crate) enum Entry {
    /// Nothing: the function was refused, or has no body and nothing to check.
    Nothing,
    /// Checks the token that comes in.
    Token(Received),
    /// As [`Token`](Self::Token), where a `Sleepable` may be among the parameters under another name.
    Proof(Received, Vec<Asked>),
    /// Checks a token of either kind.
    Context(Received),
    /// As [`Context`](Self::Context), where a pattern leaves only the token's type.
    ContextByType(Asked),
    /// Finds the token by type: it may have another name.
    ByType(Vec<Asked>),
    /// Binds a token, unless one of these types is a token that would be beside it.
    Bind(Ident, Vec<Asked>),
    /// Opens a section, unless one of these types is the proof of one.
    Section(Vec<Asked>),
    /// The body cannot be kept: this error stands in its place.
    Broken(TokenStream),
    /// The function was refused: the name is bound, so that the body's uses of it are no errors.
    Refused(Ident),
}

/// The token that a function receives.
#[derive(Debug)]
pub(crate) struct Received {
    /// The parameter's name, unless it is a pattern.
    pub(crate) name: Option<Ident>,
    /// Its type, where the name does not do; it takes a call of the compiler's to write it out.
    pub(crate) ty: TokenStream,
    /// Where the type begins and ends.
    pub(crate) ends: (Span, Span),
}

/// Where a function stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// The block whose attribute reaches the function, if it is not the function's own.
    pub(crate) block: Option<BlockKind>,
    /// The type parameters of the block.
    pub(crate) scope: Scope,
}

/// What a function is checked with.
pub(crate) struct Check<'a> {
    pub(crate) attribute: Attribute,
    pub(crate) args: &'a Args,
    pub(crate) place: &'a Place,
    pub(crate) function: &'a Function,
    pub(crate) signature: &'a Signature,
    pub(crate) parameters: Vec<Parameter<'a>>,
}

impl<'a> Check<'a> {
    pub(crate) fn new(
        attribute: Attribute,
        args: &'a Args,
        place: &'a Place,
        function: &'a Function,
        signature: &'a Signature,
    ) -> Self {
        let mut scope = place.scope.clone();
        scope.add(&signature.generics);
        let parameters = scope.parameters(signature);
        Self { attribute, args, place, function, signature, parameters }
    }

    /// Decides on the function's entry, and reports what is wrong with the function.
    pub(crate) fn entry(&self, diagnostics: &mut Diagnostics) -> Entry {
        if self.refuse_kind(diagnostics) {
            return self.args.binding.clone().map_or(Entry::Nothing, Entry::Refused);
        }
        let parameters = self.parameters.as_slice();
        let entry = match (self.attribute, &self.args.binding) {
            (_, Some(binding)) => self.bind(binding, parameters, diagnostics),
            (Attribute::MaySleep, None) => self.may_sleep(parameters, diagnostics),
            (Attribute::NonBlock, None) => self.non_block(parameters, diagnostics),
        };
        if self.attribute == Attribute::NonBlock
            && let Some(wait) = await_point::find_in(self.function)
        {
            return Entry::Broken(Diagnostics::instead(
                wait,
                "`.await` in a section: a section cannot be left and come back to",
                "await before the section and after it, and put what must not block into a function of its \
                 own",
            ));
        }
        entry
    }

    /// Whether the function may stand in an `extern` block, which an attribute on one function does not see.
    pub(crate) fn may_be_foreign(&self) -> bool {
        self.function.body.is_none()
            && self.place.block.is_none()
            && !matches!(self.signature.inputs.first(), Some(FnArg::Receiver(_)))
    }

    /// The types that may be tokens under other names, beside those that the entry asks for.
    pub(crate) fn strangers(&self) -> Vec<Stranger> {
        // The tokens have no methods of the user's but a trait's, and those have no visibility.
        let inherent = self.function.has_visibility();
        // What is a token by its name has been looked at.
        let unnamed =
            |parameter: &&Parameter<'_>| matches!(parameter.role, Role::Alias(_) | Role::Other);
        self.parameters.iter().filter(unnamed).flat_map(|it| it.strangers(inherent)).collect()
    }

    fn received(&self, parameter: &Parameter<'_>) -> Received {
        let name = parameter.name.cloned();
        let by_name = name.is_some() && self.function.body.is_some();
        let ty = if by_name { TokenStream::new() } else { parameter.ty() };
        Received { name, ty, ends: parameter.ends() }
    }

    fn may_sleep(&self, parameters: &[Parameter<'_>], diagnostics: &mut Diagnostics) -> Entry {
        if refuse_conditions(parameters, diagnostics) {
            return Entry::Nothing;
        }
        self.wrong_shapes(parameters, diagnostics);
        let token = of_role(parameters, Role::Sleepable).next();
        let context = of_role(parameters, Role::Context).next();
        let proof = of_role(parameters, Role::NonBlock).next();
        if let (Some(proof), Some(_)) = (proof, token.or(context)) {
            diagnostics.error(
                proof.ty(),
                "two tokens: whoever holds a `NonBlock` must not sleep",
                "take `cx: &mut Sleepable` alone, and open a section inside with `cx.non_block(|nb| ...)`",
            );
        }
        self.second(parameters, diagnostics);
        if let Some(token) = token {
            return Entry::Token(self.received(token));
        }
        if let Some(context) = context {
            if context.name.is_none() && context.has_impl() && self.function.body.is_some() {
                diagnostics.error(
                    context.ty(),
                    "nothing names this token, and so nothing can check it",
                    "give it a name: `_cx: &mut impl Context`",
                );
                return Entry::Nothing;
            }
            if context.name.is_none() && self.function.body.is_some() {
                return Entry::ContextByType(context.asked());
            }
            return Entry::Context(self.received(context));
        }
        if let Some(proof) = proof {
            let help = format!(
                "write `cx: &mut Sleepable` if it may sleep, or `#[non_block]` on the function if it must not{}",
                self.skip_help()
            );
            diagnostics.error(
                proof.ty(),
                "a function that may sleep is lent a `Sleepable`, not a `NonBlock`",
                help,
            );
            return Entry::Nothing;
        }
        if self.has_wrong_shape(parameters) {
            return Entry::Nothing;
        }
        if self.function.body.is_none() {
            return self.declared(parameters, diagnostics);
        }
        let aliases: Vec<_> =
            parameters.iter().filter(|p| self.may_be_token(p)).map(Parameter::asked).collect();
        if aliases.is_empty() {
            self.missing(diagnostics);
            return Entry::Nothing;
        }
        Entry::ByType(aliases)
    }

    fn non_block(&self, parameters: &[Parameter<'_>], diagnostics: &mut Diagnostics) -> Entry {
        if refuse_conditions(parameters, diagnostics) {
            return Entry::Nothing;
        }
        self.wrong_shapes(parameters, diagnostics);
        self.sleepable_comes_in(parameters, diagnostics);
        self.second(parameters, diagnostics);
        if let Some(proof) = of_role(parameters, Role::NonBlock).next() {
            // Only a mutable reference to a `Sleepable` gives the right to sleep.
            let sleepables = parameters.iter().filter(|p| match p.role {
                Role::Alias(Behind::Mutable | Behind::Lifetime | Behind::Bound) => {
                    p.reads_as_token()
                }
                _ => self.is_asked(p),
            });
            return Entry::Proof(self.received(proof), sleepables.map(Parameter::asked).collect());
        }
        let refused = |p: &Parameter<'_>| {
            matches!(p.role, Role::Sleepable | Role::Context) && !self.is_asked(p)
        };
        if self.has_wrong_shape(parameters) || parameters.iter().any(refused) {
            return Entry::Nothing;
        }
        if self.function.body.is_none() {
            return self.declared(parameters, diagnostics);
        }
        let asked = parameters.iter().filter(|p| match p.role {
            Role::Alias(_) => p.reads_as_token(),
            _ => self.is_asked(p),
        });
        Entry::Section(asked.map(Parameter::asked).collect())
    }

    /// Whether a parameter that reads as a `Sleepable`, or as one of both contexts, has its type asked for it. Where no
    /// code can stand, or nothing names the type, the names decide.
    fn is_asked(&self, parameter: &Parameter<'_>) -> bool {
        let has_name = match parameter.role {
            Role::Sleepable => true,
            Role::Context => parameter.name.is_some() || !parameter.has_impl(),
            _ => return false,
        };
        has_name && self.function.body.is_some()
    }

    /// A declared method without a token: one parameter of another name may be it.
    fn declared(&self, parameters: &[Parameter<'_>], diagnostics: &mut Diagnostics) -> Entry {
        let aliases: Vec<_> = parameters.iter().filter(|p| self.may_be_token(p)).collect();
        if let [alias] = aliases.as_slice() {
            return Entry::Token(self.received(alias));
        }
        match self.attribute {
            Attribute::MaySleep => self.missing(diagnostics),
            Attribute::NonBlock => {
                let wrong =
                    format!("`{}` has no body that could run in a section", self.signature.ident);
                let help = format!(
                    "take the proof of one: `{}`; or put `#[non_block]` on each implementation{}{}",
                    self.corrected("nb: &NonBlock"),
                    self.foreign_help(),
                    self.skip_help()
                );
                diagnostics.error(&self.signature.ident, wrong, help);
            }
        }
        Entry::Nothing
    }

    fn bind(
        &self,
        binding: &Ident,
        parameters: &[Parameter<'_>],
        diagnostics: &mut Diagnostics,
    ) -> Entry {
        let name = self.attribute.name();
        if self.function.body.is_none() {
            let wrong = format!("`{}` has no body to bind `{binding}` in", self.signature.ident);
            let help = format!(
                "take the token: `{}` under `#[{name}]`{}{}",
                self.corrected(self.attribute.parameter()),
                self.foreign_help(),
                self.skip_help()
            );
            diagnostics.error(&self.signature.ident, wrong, help);
            return Entry::Nothing;
        }
        let named_alike = bound_names(self.signature).contains(&binding);
        let token = parameters.iter().find(|p| {
            matches!(
                p.role,
                Role::Sleepable
                    | Role::NonBlock
                    | Role::Context
                    | Role::WrongShape(_)
                    | Role::Nested(_)
            )
        });
        if let Some(token) = token {
            let wrong =
                format!("two tokens: `{binding}` is to be bound, and this comes in already");
            let help = match (self.attribute, token.role) {
                (
                    Attribute::NonBlock,
                    Role::Sleepable | Role::Context | Role::Nested(Token::Sleepable),
                ) => {
                    "open the section in the body with `cx.non_block(|nb| ...)`, which keeps the token \
                     borrowed meanwhile"
                        .to_owned()
                }
                (Attribute::MaySleep, Role::NonBlock | Role::Nested(Token::NonBlock)) => {
                    "what is lent a `NonBlock` must not sleep: remove the attribute".to_owned()
                }
                (_, Role::Nested(_)) => format!(
                    "take it as a parameter of its own, `{}`, under `#[{name}]`",
                    self.attribute.parameter()
                ),
                _ => format!("write `#[{name}]`: the token that comes in is all it needs"),
            };
            diagnostics.error(token.ty(), wrong, help);
            return if named_alike { Entry::Nothing } else { Entry::Refused(binding.clone()) };
        }
        if named_alike {
            let wrong = format!("`{binding}` is already the name of a parameter");
            let alias = parameters.iter().any(|p| p.name == Some(binding) && self.may_be_token(p));
            let keep = if alias {
                format!("write `#[{name}]` if that is the token, and if not, ")
            } else {
                "write ".to_owned()
            };
            let help = format!("{keep}another name: `#[{name}({binding}_token)]`");
            diagnostics.error(binding, wrong, help);
            return Entry::Nothing;
        }
        let aliases =
            parameters.iter().filter(|p| matches!(p.role, Role::Alias(_)) && p.reads_as_token());
        Entry::Bind(binding.clone(), aliases.map(Parameter::asked).collect())
    }

    /// Whether a parameter may be the token under another name. A shared reference gives no right to sleep.
    fn may_be_token(&self, parameter: &Parameter<'_>) -> bool {
        match parameter.role {
            Role::Alias(Behind::Shared) => self.attribute == Attribute::NonBlock,
            Role::Alias(_) => true,
            _ => false,
        }
    }

    fn wants(&self, token: Token) -> bool {
        matches!(
            (self.attribute, token),
            (Attribute::MaySleep, Token::Sleepable) | (Attribute::NonBlock, Token::NonBlock)
        )
    }

    fn lacks_token(&self, parameters: &[Parameter<'_>]) -> bool {
        let role = match self.attribute {
            Attribute::MaySleep => Role::Sleepable,
            Attribute::NonBlock => Role::NonBlock,
        };
        of_role(parameters, role).chain(of_role(parameters, Role::Context)).next().is_none()
    }

    fn has_wrong_shape(&self, parameters: &[Parameter<'_>]) -> bool {
        parameters.iter().any(|parameter| match parameter.role {
            Role::WrongShape(_) => true,
            Role::Nested(token) => self.wants(token),
            _ => false,
        })
    }

    /// What to add to a message about a function that its block's attribute has reached.
    pub(crate) fn skip_help(&self) -> String {
        match self.place.block {
            Some(_) => format!("; or leave it out with `#[{}(skip)]`", self.attribute.name()),
            None => String::new(),
        }
    }
}

fn of_role<'a, 'p>(
    parameters: &'a [Parameter<'p>],
    role: Role,
) -> impl Iterator<Item = &'a Parameter<'p>> {
    parameters.iter().filter(move |parameter| parameter.role == role)
}
