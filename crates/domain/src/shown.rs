//! Requests and plans as events carry them: the same fields, with each amount in GAS and its datoshi beside it.
//!
//! In the ledger amounts are whole datoshi alone. Programs that read events also get what people read, in the form of every
//! other event: `"amount": "2", "datoshi": "200000000"`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::{Map, Value};

use super::{money::Datoshi, plan::Plan, request::Request};

/// A request, within an event: a limit is `"spend": {"at_most": {"amount": "1.5", "datoshi": "150000000"}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestShown(pub Request);

/// A plan, within an event: `total`, `total_datoshi`, `worst_case` and `worst_case_datoshi`; each price has `amount`, `datoshi`,
/// `fees` and `fees_datoshi`.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanShown(pub Box<Plan>);

/// What a plan comes to, within an event. Flatten it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// All prices in decimal GAS, without fees.
    pub total: String,
    /// The same in whole datoshi.
    pub total_datoshi: Datoshi,
    /// Prices and fees together, in decimal GAS.
    pub worst_case: String,
    /// The same in whole datoshi.
    pub worst_case_datoshi: Datoshi,
}

impl From<&Plan> for Totals {
    fn from(plan: &Plan) -> Totals {
        Totals {
            total: plan.total.gas_string(),
            total_datoshi: plan.total,
            worst_case: plan.worst_case.gas_string(),
            worst_case_datoshi: plan.worst_case,
        }
    }
}

/// The amounts of a price, and of a plan: the name in GAS and the name in datoshi.
const OF_PRICE: [(&str, &str); 2] = [("amount", "datoshi"), ("fees", "fees_datoshi")];
const OF_PLAN: [(&str, &str); 2] = [("total", "total_datoshi"), ("worst_case", "worst_case_datoshi")];

/// Datoshi alone become GAS, with datoshi right beside it.
fn show(fields: &mut Map<String, Value>, amounts: &[(&str, &str)]) -> Result<(), serde_json::Error> {
    for (name, kept) in std::mem::take(fields) {
        match amounts.iter().find(|(gas, _)| *gas == name) {
            None => drop(fields.insert(name, kept)),
            Some((_, datoshi)) => {
                let amount: Datoshi = serde_json::from_value(kept.clone())?;
                fields.insert(name, amount.gas_string().into());
                fields.insert((*datoshi).to_owned(), kept);
            }
        }
    }
    Ok(())
}

/// The other way: what is beside it counts.
fn keep(fields: &mut Map<String, Value>, amounts: &[(&str, &str)]) {
    for (gas, datoshi) in amounts {
        if let Some(amount) = fields.shift_remove(*datoshi) {
            fields.insert((*gas).to_owned(), amount);
        }
    }
}

fn show_limit(request: &mut Value) -> Result<(), serde_json::Error> {
    if let Some(limit) = request.pointer_mut("/spend/at_most") {
        let mut fields = Map::from_iter([("amount".to_owned(), limit.take())]);
        show(&mut fields, &OF_PRICE)?;
        *limit = fields.into();
    }
    Ok(())
}

fn keep_limit(request: &mut Value) {
    if let Some(limit) = request.pointer_mut("/spend/at_most")
        && let Some(amount) = limit.get_mut("datoshi").map(Value::take)
    {
        *limit = amount;
    }
}

/// The prices in a plan.
fn prices(plan: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let work = plan.get_mut("work").and_then(Value::as_array_mut).into_iter().flatten();
    work.filter_map(|piece| piece.get_mut("price")?.as_object_mut())
}

impl Serialize for RequestShown {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut value = serde_json::to_value(&self.0).map_err(S::Error::custom)?;
        show_limit(&mut value).map_err(S::Error::custom)?;
        value.serialize(to)
    }
}

impl<'de> Deserialize<'de> for RequestShown {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<RequestShown, D::Error> {
        let mut value = Value::deserialize(from)?;
        keep_limit(&mut value);
        serde_json::from_value(value).map(RequestShown).map_err(D::Error::custom)
    }
}

impl Serialize for PlanShown {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut value = serde_json::to_value(&self.0).map_err(S::Error::custom)?;
        value.get_mut("request").map_or(Ok(()), show_limit).map_err(S::Error::custom)?;
        prices(&mut value).try_for_each(|price| show(price, &OF_PRICE)).map_err(S::Error::custom)?;
        value.as_object_mut().map_or(Ok(()), |plan| show(plan, &OF_PLAN)).map_err(S::Error::custom)?;
        value.serialize(to)
    }
}

impl<'de> Deserialize<'de> for PlanShown {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<PlanShown, D::Error> {
        let mut value = Value::deserialize(from)?;
        value.get_mut("request").into_iter().for_each(keep_limit);
        prices(&mut value).for_each(|price| keep(price, &OF_PRICE));
        value.as_object_mut().into_iter().for_each(|plan| keep(plan, &OF_PLAN));
        serde_json::from_value(value).map(PlanShown).map_err(D::Error::custom)
    }
}
