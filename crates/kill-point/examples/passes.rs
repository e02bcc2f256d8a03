//! Passes a place three times; `AGENT_KILL_AT=shop.sold:2` ends the program at the second.

fn main() {
    for round in 1..=3 {
        kill_point::reached("shop.sold");
        println!("went on, round {round}");
    }
}
