//! The node's models: tasks of the catalogue, as AIOZ describes models.

use serde_json::{Map, Value, json};
use url::Url;

use super::settings::Prices;
use compute::aioz::GAS_CONTRACT;
use domain::{
    hash::{Hash160, Sha256},
    money::Datoshi,
    network::Network,
    task::{ParameterKind, Parameters, TaskType},
};

/// Who makes a model whose catalogue entry names nobody.
const MAKER: &str = "agent";

/// A task of the catalogue that clients may submit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Model {
    /// Made from the catalogue's name of it: the same on every node and after every start.
    pub id: String,
    pub username: String,
    pub name: String,
    pub task: TaskType,
    pub price: Datoshi,
    /// Whether this machine can run it.
    pub serving: bool,
}

impl Model {
    /// The model of a task, unless it names none, or needs a file that clients cannot send.
    fn of(task: &TaskType, prices: &Prices) -> Option<Model> {
        // What is a model of another provider's runs on no node.
        let remote = task.elsewhere().filter(|remote| remote.slots.is_none())?.model.as_str();
        let (username, name) = remote.split_once('/').unwrap_or((MAKER, remote));
        let digest = Sha256::of(format!("model:{remote}").as_bytes()).to_string();
        Some(Model {
            id: digest.chars().take(24).collect(),
            username: username.to_owned(),
            name: name.to_owned(),
            task: task.clone(),
            price: prices.of(&task.name),
            serving: is_installed(task),
        })
    }

    /// Whether a client means this model by `text`: its id, its name with its maker's, or the catalogue's name of it.
    fn is(&self, text: &str) -> bool {
        text == self.id
            || text == self.task.name
            || self.task.remote.as_ref().is_some_and(|remote| remote.model == text)
            || text.split_once('/') == Some((&self.username, &self.name))
    }

    fn matches(&self, search: &str) -> bool {
        let search = search.to_lowercase();
        [&self.name, &self.username, &self.task.name, &self.task.title, &self.task.description]
            .iter()
            .any(|text| text.to_lowercase().contains(&search))
    }

    /// Whole GAS and its fraction as a JSON number, for clients that show prices; what is owed is in whole datoshi.
    pub fn price_number(&self) -> Value {
        gas_number(self.price)
    }

    /// As `GET /model/{id}`.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "username": self.username,
            "description": self.task.description,
            "price": self.price_number(),
            "visibility": "public",
            "is_released": true,
            "model_metadata": {"model_id": self.id, "pretty_name": self.task.title, "task": self.task.name},
        })
    }

    /// As `GET /model/{id}/info`.
    pub fn info(&self) -> Value {
        json!({
            "model_id": self.id,
            "api_price": self.price_number(),
            "model_description": self.task.description,
            "input_format": self.input_format(),
            "output_format": self.output_format(),
        })
    }

    /// As `GET /model/{id}/versioning`.
    pub fn versioning(&self) -> Value {
        json!({
            "model_id": self.id,
            "is_active": self.serving,
            "commit_hash": env!("CARGO_PKG_VERSION"),
            "input_format": self.input_format(),
            "output_format": self.output_format(),
            "sys_require": {},
        })
    }

    /// As `GET /model/{id}/task/cost`; the rest is ours: `datoshi` and `payment`, what each task of it is to be paid with, and
    /// `result_hosts`, the servers that its results are fetched from.
    pub fn cost(&self, network: Network, recipient: Hash160, results: &Url) -> Value {
        let payment = json!({
            "network": network, "asset": GAS_CONTRACT, "recipient": recipient.address(), "amount": self.price,
        });
        json!({
            "cost": self.price_number(), "symbol": "GAS", "unit": "GAS", "datoshi": self.price, "payment": payment,
            "result_hosts": [results.origin().ascii_serialization()],
        })
    }

    /// What goes in.
    pub fn input_format(&self) -> Value {
        json!({"input": {"type": "file"}, "parameters": {"type": "text"}})
    }

    /// What comes out.
    pub fn output_format(&self) -> Value {
        json!({"files": {"type": "file"}, "summary": {"type": "text"}})
    }
}

/// A price as a JSON number.
pub(super) fn gas_number(amount: Datoshi) -> Value {
    serde_json::from_str(&amount.gas_string()).unwrap_or_default()
}

/// All models of a node.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Models(Vec<Model>);

impl Models {
    pub fn of(tasks: &[TaskType], prices: &Prices) -> Models {
        Models(tasks.iter().filter_map(|task| Model::of(task, prices)).collect())
    }

    /// The model that a client means by `text`.
    pub fn get(&self, text: &str) -> Option<&Model> {
        self.0.iter().find(|model| model.is(text))
    }

    /// The model of a task that was submitted before.
    pub fn of_task(&self, task_type: &str) -> Option<&Model> {
        self.0.iter().find(|model| model.task.name == task_type)
    }

    /// A page of those that `search` finds, and how many it finds.
    pub fn search(&self, search: &str, limit: usize, offset: usize) -> (Vec<Value>, usize) {
        let found: Vec<&Model> = self.0.iter().filter(|model| model.matches(search)).collect();
        (found.iter().skip(offset).take(limit).map(|model| model.json()).collect(), found.len())
    }
}

fn is_installed(task: &TaskType) -> bool {
    !task.is_elsewhere_only() && guard::machine::catalogue::missing_program(task).is_none()
}

/// Checks the parameters of a submit, as the catalogue says; files of this machine are not for clients to name.
pub(super) fn check_parameters(task: &TaskType, given: &Parameters) -> Result<Parameters, String> {
    for (name, spec) in &task.parameters {
        if matches!(spec.kind, ParameterKind::File { .. }) && given.get(name).is_some_and(|v| !v.is_null()) {
            return Err(format!("the parameter `{name}` names a file and cannot be used remotely"));
        }
    }
    let plain: Map<String, Value> = given.clone();
    guard::machine::catalogue::check_parameters(task, &plain).map_err(|e| e.to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn task_type(name: &str) -> TaskType {
        let text = format!(
            r#"
            name = "{name}"
            title = "Title"
            description = "What it does."
            asked_as = []
            inputs.sequences.formats = ["fasta"]
            remote.model = "maker/{name}"
            program.kind = "builtin"
            parameters.dimension = {{ description = "d", type = "integer", min = 2, max = 3, default = 2 }}
            resources = {{ ram = {{ constant = 1.0 }}, seconds = {{ constant = 1.0 }}, spread = 2.0, source = "test" }}
            "#
        );
        guard::machine::catalogue::read_task(&format!("{name}.toml"), &text, domain::task::TaskOrigin::Program).unwrap()
    }

    #[test]
    fn a_model_is_found_by_any_of_its_names() {
        let models = Models::of(&[task_type("fold"), task_type("stats")], &Prices::default());
        let id = models.get("maker/fold").unwrap().id.clone();
        assert_eq!(id.len(), 24);
        assert_eq!(models.get(&id).unwrap().task.name, "fold");
        assert_eq!(models.get("fold").unwrap().id, id);
        assert!(models.get("maker/none").is_none());
        assert_eq!(models.search("STAT", 10, 0).1, 1);
        assert_eq!(models.search("", 1, 1).0.len(), 1);
    }

    #[test]
    fn prices_are_shown_exactly() {
        let mut prices = Prices::default();
        prices.by_task.insert("fold".into(), Datoshi::new(10_977_540).unwrap());
        let models = Models::of(&[task_type("fold"), task_type("stats")], &prices);
        assert_eq!(
            models.get("fold").unwrap().cost(Network(424_242), Hash160([7; 20]), &"http://n/".parse().unwrap())["cost"]
                .to_string(),
            "0.1097754"
        );
        assert_eq!(
            models.get("fold").unwrap().cost(Network(424_242), Hash160([7; 20]), &"http://n/".parse().unwrap())["datoshi"],
            "10977540"
        );
        assert_eq!(models.get("stats").unwrap().cost(Network(424_242), Hash160([7; 20]), &"http://n/".parse().unwrap())["cost"].to_string(), "2");
    }
}
