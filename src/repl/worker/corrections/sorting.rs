//! `sorted` and `list.sort`.
//!
//! Those of RustPython 0.5.0 take quadratic time: ten seconds for a hundred thousand words. This is a merge sort, with
//! short ways for lists of strings, integers or floats.
//!
//! Superfluous from RustPython 0.6.0 on (#8421, #8464).

use rustpython_vm::{
    FromArgs, PyObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyFloat, PyInt, PyListRef, PyStr},
    types::PyComparisonOp,
};
use std::mem;

/// Lists of this length are sorted by insertion.
const RUN: usize = 16;

/// Comparisons between two looks for an interrupt.
const COMPARISONS_PER_CHECK: u32 = 4096;

#[derive(FromArgs)]
struct SortArguments {
    #[pyarg(named, default)]
    key: Option<PyObjectRef>,
    #[pyarg(named, default = false)]
    reverse: bool,
}

/// Replaces the functions. All interpreters of a process share the class `list`.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let list_type = vm.ctx.types.list_type;
    list_type.set_attr(vm.ctx.intern_str("sort"), vm.new_method("sort", list_type, sort).into());
    vm.builtins.set_attr("sorted", vm.new_function("sorted", sorted), vm)
}

fn sorted(iterable: PyObjectRef, arguments: SortArguments, vm: &VirtualMachine) -> PyResult<PyListRef> {
    let items: Vec<PyObjectRef> = iterable.try_to_value(vm)?;
    let order = order_of(&items, &arguments, vm)?;
    Ok(vm.ctx.new_list(in_order(&items, &order)))
}

/// As in CPython, the list is empty while it is sorted.
fn sort(list: PyListRef, arguments: SortArguments, vm: &VirtualMachine) -> PyResult<()> {
    let items = mem::take(&mut *list.borrow_vec_mut());
    let order = order_of(&items, &arguments, vm);
    let (result, outcome) = match order {
        Ok(order) => (in_order(&items, &order), Ok(())),
        Err(error) => (items, Err(error)),
    };
    let added_meanwhile = mem::replace(&mut *list.borrow_vec_mut(), result);
    outcome?;
    if added_meanwhile.is_empty() { Ok(()) } else { Err(vm.new_value_error("list modified during sort")) }
}

fn in_order(items: &[PyObjectRef], order: &[usize]) -> Vec<PyObjectRef> {
    order.iter().map(|&at| items[at].clone()).collect()
}

/// Where the items stand that come first, second and so on. Equal ones keep their order.
fn order_of(items: &[PyObjectRef], arguments: &SortArguments, vm: &VirtualMachine) -> PyResult<Vec<usize>> {
    let Some(key) = arguments.key.as_ref().filter(|key| !vm.is_none(key)) else {
        return order_of_keys(items, arguments.reverse, vm);
    };
    let keys: Vec<PyObjectRef> = items.iter().map(|item| key.call((item.clone(),), vm)).collect::<PyResult<_>>()?;
    order_of_keys(&keys, arguments.reverse, vm)
}

fn order_of_keys(keys: &[PyObjectRef], descending: bool, vm: &VirtualMachine) -> PyResult<Vec<usize>> {
    let native = native_order(keys, descending, |key| Some(key.downcast_ref_if_exact::<PyStr>(vm)?.as_wtf8()))
        .or_else(|| native_order(keys, descending, |key| integer(key, vm)))
        .or_else(|| native_order(keys, descending, |key| float(key, vm)));
    if let Some(order) = native {
        return Ok(order);
    }
    let mut comparisons = 0_u32;
    merge_sort(keys.len(), |first, second| {
        comparisons = comparisons.wrapping_add(1);
        if comparisons.is_multiple_of(COMPARISONS_PER_CHECK) {
            vm.check_signals()?;
        }
        let (smaller, larger) = if descending { (second, first) } else { (first, second) };
        keys[smaller].rich_compare_bool(&keys[larger], PyComparisonOp::Lt, vm)
    })
}

/// The order of keys that are all of one native type; nothing if one is not.
fn native_order<'a, K: Ord>(
    keys: &'a [PyObjectRef],
    descending: bool,
    native: impl Fn(&'a PyObject) -> Option<K>,
) -> Option<Vec<usize>> {
    let keys: Vec<K> = keys.iter().map(|key| native(key)).collect::<Option<_>>()?;
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&a, &b| if descending { keys[b].cmp(&keys[a]) } else { keys[a].cmp(&keys[b]) });
    Some(order)
}

fn integer(key: &PyObject, vm: &VirtualMachine) -> Option<i64> {
    i64::try_from(key.downcast_ref_if_exact::<PyInt>(vm)?.as_bigint()).ok()
}

/// An integer that is ordered like the float.
fn float(key: &PyObject, vm: &VirtualMachine) -> Option<i64> {
    let float = key.downcast_ref_if_exact::<PyFloat>(vm)?.to_f64();
    // Adding zero makes the negative zero positive.
    let bits = (float + 0.0).to_bits().cast_signed();
    (!float.is_nan()).then_some(if bits < 0 { bits ^ i64::MAX } else { bits })
}

/// Sorts the numbers below `len`. `comes_before` may fail, and need not make sense.
fn merge_sort(len: usize, mut comes_before: impl FnMut(usize, usize) -> PyResult<bool>) -> PyResult<Vec<usize>> {
    let mut order: Vec<usize> = (0..len).collect();
    for run in order.chunks_mut(RUN) {
        for sorted in 1..run.len() {
            let mut at = sorted;
            while at > 0 && comes_before(run[at], run[at - 1])? {
                run.swap(at, at - 1);
                at -= 1;
            }
        }
    }
    let mut merged = Vec::with_capacity(len);
    let mut width = RUN;
    while width < len {
        merged.clear();
        for pair in order.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            if let (Some(&last), Some(&first)) = (left.last(), right.first())
                && !comes_before(first, last)?
            {
                merged.extend_from_slice(pair);
                continue;
            }
            while let (Some(&first), Some(&second)) = (left.first(), right.first()) {
                if comes_before(second, first)? {
                    merged.push(second);
                    right = &right[1..];
                } else {
                    merged.push(first);
                    left = &left[1..];
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        mem::swap(&mut order, &mut merged);
        width *= 2;
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_keep_their_order() {
        for len in [0, 1, 15, 16, 17, 33, 100, 1000] {
            let keys: Vec<usize> = (0..len).map(|at| at * 7919 % 13).collect();
            let mut expected: Vec<usize> = (0..len).collect();
            expected.sort_by_key(|&at| keys[at]);
            assert_eq!(merge_sort(len, |a, b| Ok(keys[a] < keys[b])).unwrap(), expected);
        }
    }

    #[test]
    fn comparisons_are_few_even_in_the_worst_case() {
        let len = 1 << 14;
        let orders: [fn(usize) -> usize; 3] = [|at| at, |at| !at, |at| at * 7919 % 16411];
        for key in orders {
            let mut comparisons = 0;
            let counted = |a, b| {
                comparisons += 1;
                Ok(key(a) < key(b))
            };
            merge_sort(len, counted).unwrap();
            assert!(comparisons < len * 20, "{comparisons}");
        }
    }

    #[test]
    fn a_senseless_comparison_loses_nothing() {
        let mut order = merge_sort(500, |_, _| Ok(true)).unwrap();
        order.sort_unstable();
        assert!(order.into_iter().eq(0..500));
    }
}
