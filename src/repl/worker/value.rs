//! Values that cross the border between a program and the server: JSON on the one side, Python objects on the other.

use super::super::wire::MOST_VALUES;
use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine,
    builtins::{PyDict, PyFloat, PyInt, PyList, PyStr, PyTuple},
    convert::ToPyObject,
};
use serde_json::{Map, Number, Value};

/// How deep lists and dicts may lie in each other.
const DEPTH_LIMIT: usize = 32;

/// What the server gets to see of an argument. Fails with a `TypeError` for objects that JSON has no word for, and with
/// a `ValueError` where there are too many.
pub fn from_python(object: &PyObject, vm: &VirtualMachine) -> PyResult<Value> {
    convert(object, 0, &mut 0, vm)
}

fn convert(object: &PyObject, depth: usize, count: &mut usize, vm: &VirtualMachine) -> PyResult<Value> {
    if depth > DEPTH_LIMIT {
        return Err(vm.new_value_error(format!("values may lie at most {DEPTH_LIMIT} levels deep in each other")));
    }
    *count += 1;
    if *count > MOST_VALUES {
        return Err(vm.new_value_error(format!("at most {MOST_VALUES} values can be handed over at once")));
    }
    let mut all = |items: &[PyObjectRef]| -> PyResult<Value> {
        items.iter().map(|item| convert(item, depth + 1, count, vm)).collect::<PyResult<_>>().map(Value::Array)
    };
    if vm.is_none(object) {
        Ok(Value::Null)
    } else if object.is(&vm.ctx.true_value) || object.is(&vm.ctx.false_value) {
        Ok(Value::Bool(object.is(&vm.ctx.true_value)))
    } else if let Some(text) = object.downcast_ref::<PyStr>() {
        Ok(Value::String(text.to_string_lossy().into_owned()))
    } else if let Some(number) = object.downcast_ref::<PyInt>() {
        integer(number, vm)
    } else if let Some(number) = object.downcast_ref::<PyFloat>() {
        Ok(Number::from_f64(number.to_f64()).map_or(Value::Null, Value::Number))
    } else if let Some(list) = object.downcast_ref::<PyList>() {
        all(&list.borrow_vec())
    } else if let Some(tuple) = object.downcast_ref::<PyTuple>() {
        all(tuple)
    } else if let Some(dict) = object.downcast_ref::<PyDict>() {
        let mut map = Map::new();
        for (key, value) in dict {
            let key = key.str(vm)?.to_string_lossy().into_owned();
            map.insert(key, convert(&value, depth + 1, count, vm)?);
        }
        Ok(Value::Object(map))
    } else {
        let class = object.class().name().to_string();
        Err(vm.new_type_error(format!("a value of type {class} cannot be handed over")))
    }
}

fn integer(number: &PyInt, vm: &VirtualMachine) -> PyResult<Value> {
    let number = i64::try_from(number.as_bigint());
    number.map(Value::from).map_err(|_| vm.new_overflow_error("an int is too large to be handed over"))
}

/// The Python object of a value.
pub fn to_python(value: Value, vm: &VirtualMachine) -> PyObjectRef {
    match value {
        Value::Null => vm.ctx.none(),
        Value::Bool(truth) => vm.ctx.new_bool(truth).into(),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => vm.ctx.new_int(integer).into(),
            None => vm.ctx.new_float(number.as_f64().unwrap_or(f64::NAN)).into(),
        },
        Value::String(text) => text.to_pyobject(vm),
        Value::Array(items) => vm.ctx.new_list(items.into_iter().map(|item| to_python(item, vm)).collect()).into(),
        Value::Object(map) => {
            let dict = PyDict::default().into_ref(&vm.ctx);
            for (key, value) in map {
                dict.set_item(key.as_str(), to_python(value, vm), vm).expect("a new dict takes any str as key");
            }
            dict.into()
        }
    }
}
