//! What instructions do to registers and the frame, in the words of no processor: moves, sums, loads, stores and calls. What each instruction
//! does of these, the file of its processor tells.

use super::types::Seen;
use super::values::{Origin, State, Value, Values, Words};
use super::word::{Pointee, TypeId, Word};

/// How a value is called that an instruction made and put into memory, or into a register by its number.
pub(super) const LOADED: usize = 100;

/// Where an instruction reads or writes memory.
pub(super) enum Place {
    Constant(u64),
    Frame(i64),
    /// At some place in the frame from this one on, with what the pointer is by its types.
    FrameFrom(i64, Words),
    /// Behind a pointer, at a distance.
    Behind(Words, i64),
    Unknown,
}

impl Values<'_, '_> {
    /// Whether a register is one by which a function finds its frame.
    pub(super) fn is_of_frame(&self, number: usize) -> bool {
        number == self.code.stack() || number == self.code.frame()
    }

    /// Notes that something points into the frame, if a value does.
    pub(super) fn show(&mut self, value: &Value) {
        if let Origin::Frame(offset) = value.origin {
            self.lowest_shown = self.lowest_shown.min(offset);
        }
    }

    /// Puts a value into a register.
    pub(super) fn put(&mut self, state: &mut State, number: usize, value: Value) {
        if !self.is_of_frame(number) {
            self.show(&value);
        }
        state.registers[number] = value;
    }

    /// Returns one of two values, of which nobody knows which.
    pub(super) fn either(one: &Value, other: &Value, made: Origin) -> Value {
        if one == other {
            other.clone()
        } else if one.words.is_empty() || other.words.is_empty() {
            Value::new(made)
        } else {
            let words = one.words.iter().chain(other.words.iter());
            Value::with(made, words.cloned().collect())
        }
    }

    /// Returns the sum of two values, or their difference.
    pub(super) fn sum(
        &self,
        state: &State,
        from: &Value,
        by: &Value,
        is_sum: bool,
        made: Origin,
    ) -> Value {
        if let Origin::Constant(by) = by.origin {
            let by = by.cast_signed();
            let by = if is_sum { Some(by) } else { by.checked_neg() };
            return by.map_or_else(|| Value::new(made), |by| moved(from, by, made));
        }
        if !is_sum {
            return Value::new(made);
        }
        let words = match from.origin {
            _ if from.words.is_empty() && !by.words.is_empty() => {
                self.elements(&by.words, 0, from.stride.max(1))
            }
            Origin::Constant(_) | Origin::Frame(_) => {
                let pointers = self.pointers(state, from);
                self.elements(&pointers, 0, by.stride.max(1))
            }
            _ => self.elements(&from.words, 0, by.stride.max(1)),
        };
        Value::with(made, words)
    }

    /// Returns what a value points to: by its types, or by the variable that lies there.
    pub(super) fn pointers(&self, state: &State, value: &Value) -> Vec<Word> {
        match value.origin {
            Origin::Frame(offset) => {
                let distance = |base| self.distance_to_base(state, base, offset);
                self.context.variables.pointers(distance)
            }
            Origin::Constant(address) => {
                let global = (self.context.globals)(address);
                let pointer = global.and_then(|(start, ty)| {
                    let distance = i64::try_from(address - start).ok()?;
                    Some(Word::Pointer { to: Pointee::Type(ty), distance })
                });
                pointer.into_iter().collect()
            }
            _ => value.words.to_vec(),
        }
    }

    /// Returns where memory is read or written: at a base, an index that is multiplied, and a distance.
    pub(super) fn place_at(
        &self,
        state: &State,
        (base, index): (Option<Value>, Option<Value>),
        scale: u64,
        distance: i64,
    ) -> Place {
        let (Some(base), Some(index)) = (base, index) else { return Place::Unknown };
        if let Origin::Constant(index) = index.origin {
            let by = index.wrapping_mul(scale).cast_signed();
            let Some(distance) = distance.checked_add(by) else { return Place::Unknown };
            return match base.origin {
                Origin::Constant(base) => Place::Constant(base.wrapping_add_signed(distance)),
                Origin::Frame(base) => {
                    base.checked_add(distance).map_or(Place::Unknown, Place::Frame)
                }
                _ if base.words.is_empty() => Place::Unknown,
                _ => Place::Behind(base.words, distance),
            };
        }
        let stride = index.stride.max(1).saturating_mul(scale);
        let pointers = self.pointers(state, &base);
        let words = if pointers.is_empty() && scale == 1 {
            self.elements(&self.pointers(state, &index), distance, base.stride.max(1))
        } else {
            self.elements(&pointers, distance, stride)
        };
        match (base.origin, index.origin) {
            (Origin::Frame(offset), _) | (_, Origin::Frame(offset)) => offset
                .checked_add(distance)
                .map_or(Place::Unknown, |offset| Place::FrameFrom(offset, words.into())),
            _ if words.is_empty() => Place::Unknown,
            _ => Place::Behind(words.into(), 0),
        }
    }

    /// Returns the address of a place.
    ///
    /// # Arguments
    ///
    /// * `is_by_frame`: whether it is counted from a register by which the function finds its frame.
    pub(super) fn address_of(&mut self, place: Place, is_by_frame: bool, made: Origin) -> Value {
        match place {
            Place::Constant(address) => Value::constant(address),
            Place::Frame(offset) => Value::new(Origin::Frame(offset)),
            Place::FrameFrom(offset, words) => {
                self.lowest_shown = self.lowest_shown.min(offset);
                Value::with(made, words.to_vec())
            }
            Place::Behind(words, distance) => {
                moved(&Value { words, ..Value::new(made) }, distance, made)
            }
            Place::Unknown => {
                if is_by_frame {
                    self.lowest_shown = i64::MIN;
                }
                Value::new(made)
            }
        }
    }

    /// Returns what lies at a place, of eight bytes.
    pub(super) fn load(&self, state: &State, place: &Place, made: Origin) -> Value {
        match place {
            Place::Constant(address) => self.at_constant(*address, made),
            Place::Frame(offset) => {
                let there = state.frame.get(offset).cloned().unwrap_or(Value::new(made));
                if matches!(there.origin, Origin::Constant(_) | Origin::Frame(_)) {
                    return there;
                }
                let mut words = self.by_variables(state, *offset);
                words.extend(there.words.iter().cloned());
                Value { stride: there.stride, ..Value::with(there.origin, words) }
            }
            Place::FrameFrom(_, words) => Value::with(made, self.behind(words, 0)),
            Place::Behind(words, distance) => Value::with(made, self.behind(words, *distance)),
            Place::Unknown => Value::new(made),
        }
    }

    /// Puts a value of eight bytes at a place.
    pub(super) fn store(
        &mut self,
        state: &mut State,
        place: &Place,
        is_by_frame: bool,
        value: Value,
    ) {
        self.show(&value);
        self.forget_at(state, place, 8, is_by_frame);
        if let Place::Frame(offset) = *place {
            let origin = value.origin;
            state.frame.insert(offset, value);
            let words = self.by_variables(state, offset);
            state.refine(origin, &words);
        }
    }

    /// Forgets what a write may change.
    pub(super) fn forget_at(
        &self,
        state: &mut State,
        place: &Place,
        size: usize,
        is_by_frame: bool,
    ) {
        match *place {
            Place::Frame(offset) => {
                let size = i64::try_from(size).unwrap_or(i64::MAX);
                // Nobody says how much some instructions write.
                let size = if size == 0 { i64::MAX } else { size };
                state.forget(offset, offset.saturating_add(size));
            }
            Place::FrameFrom(offset, _) => state.forget(offset, i64::MAX),
            Place::Unknown if is_by_frame => state.frame.clear(),
            _ => self.forget_shown(state),
        }
    }

    /// Forgets what may change by a write through a pointer.
    pub(super) fn forget_shown(&self, state: &mut State) {
        state.forget(self.lowest_shown, i64::MAX);
    }

    /// Returns the type of what a call returns.
    ///
    /// # Arguments
    ///
    /// * `target`: where a direct call leads.
    /// * `value`: what is called otherwise.
    pub(super) fn result_of(&self, target: Option<u64>, value: Option<Value>) -> Option<TypeId> {
        match (target, value) {
            (Some(address), _) | (None, Some(Value { origin: Origin::Constant(address), .. })) => {
                (self.context.result)(address)
            }
            (None, Some(value)) => match value.words[..] {
                [Word::Function { of, .. } | Word::InTable { of, .. }] => {
                    self.context.types.type_of(of)
                }
                _ => None,
            },
            (None, None) => None,
        }
    }

    /// Forgets what a callee may change, and puts what it returns into registers.
    ///
    /// # Arguments
    ///
    /// * `callers`: the registers that it may change.
    /// * `returned`: the registers of its result, of which the first has the address of a large one, if the last argument says so.
    pub(super) fn after_call(
        &mut self,
        state: &mut State,
        at: usize,
        result: Option<TypeId>,
        callers: impl Iterator<Item = usize>,
        (returned, returns_address): ([usize; 2], bool),
    ) {
        self.forget_shown(state);
        if let Origin::Frame(stack) = state.registers[self.code.stack()].origin {
            state.forget(i64::MIN, stack);
        }
        for number in callers {
            state.registers[number] = Value::new(Origin::Made(at, number));
        }
        let Some(ty) = result else { return };
        let size = self.context.types.size(ty);
        let mut returns = |number: usize, words: Vec<Word>| {
            state.registers[number] = Value::with(Origin::Made(at, number), words);
        };
        if size > 16 {
            // The address of the place that the caller has for it.
            if returns_address {
                returns(returned[0], vec![Word::pointer_to(ty)]);
            }
            return;
        }
        for (number, offset) in [(returned[0], 0), (returned[1], 8)] {
            if let Seen::Words(words) = self.context.types.at(ty, offset) {
                returns(number, words);
            }
        }
    }
}

/// A value plus a distance.
pub(super) fn moved(from: &Value, by: i64, made: Origin) -> Value {
    match from.origin {
        Origin::Constant(value) => Value::constant(value.wrapping_add_signed(by)),
        Origin::Frame(offset) => match offset.checked_add(by) {
            Some(offset) => Value::new(Origin::Frame(offset)),
            None => Value::new(made),
        },
        _ => {
            let words = from.words.iter().filter_map(|word| match word {
                Word::Pointer { to, distance } => {
                    Some(Word::Pointer { to: to.clone(), distance: distance.checked_add(by)? })
                }
                _ => None,
            });
            Value::with(made, words.collect())
        }
    }
}
