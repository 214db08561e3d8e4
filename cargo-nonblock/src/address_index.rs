//! Finds places in long lists of addresses: a table says for each stretch of addresses where in the list it begins.

/// An index of a list that is sorted by addresses.
#[derive(Debug)]
pub(crate) struct AddressIndex {
    first: u64,
    /// Each stretch has two to the power of this addresses.
    shift: u32,
    /// The number of the first element of each stretch, and of one more.
    begins: Vec<u32>,
}

impl AddressIndex {
    /// Makes an index of a list by the addresses of its elements.
    pub(crate) fn new(addresses: impl ExactSizeIterator<Item = u64> + Clone) -> Self {
        let count = addresses.len();
        let first = addresses.clone().next().unwrap_or(0);
        let last = addresses.clone().last().unwrap_or(0);
        let mut shift = 0;
        // One stretch for each element is enough, wherever they lie.
        while (last - first) >> shift > count as u64 {
            shift += 1;
        }
        let mut begins = Vec::new();
        for (number, address) in addresses.enumerate() {
            let stretch = (address - first) >> shift;
            while begins.len() as u64 <= stretch {
                begins.push(u32::try_from(number).unwrap_or(u32::MAX));
            }
        }
        begins.push(u32::try_from(count).unwrap_or(u32::MAX));
        Self { first, shift, begins }
    }

    /// Returns how many elements are at an address or before it, by the address of each.
    pub(crate) fn count_until<T>(&self, list: &[T], address: u64, of: impl Fn(&T) -> u64) -> usize {
        let Some(distance) = address.checked_sub(self.first) else { return 0 };
        let stretch = usize::try_from(distance >> self.shift).unwrap_or(usize::MAX);
        let begin = |stretch: usize| self.begins.get(stretch).map(|begin| *begin as usize);
        let (Some(start), Some(end)) = (begin(stretch), begin(stretch.saturating_add(1))) else {
            return list.len();
        };
        start + list[start..end].partition_point(|element| of(element) <= address)
    }
}

#[cfg(test)]
mod tests {
    use super::AddressIndex;

    #[test]
    fn it_finds_what_a_search_finds() {
        let lists: [&[u64]; 5] = [
            &[],
            &[7],
            &[0, 1, 1, 1, 5, 100, 101, 4096],
            &[10, 20, u64::MAX - 1, u64::MAX],
            &[u64::MAX, u64::MAX],
        ];
        for list in lists {
            let index = AddressIndex::new(list.iter().copied());
            let around =
                |address: &u64| [address.saturating_sub(1), *address, address.saturating_add(1)];
            for address in list.iter().flat_map(around).chain([0, 1 << 40, u64::MAX]) {
                let found = index.count_until(list, address, |element| *element);
                assert_eq!(
                    found,
                    list.partition_point(|element| *element <= address),
                    "{list:?} {address}"
                );
            }
        }
    }
}
