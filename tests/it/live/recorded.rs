//! A run against real parts, recorded, and played once they are gone.

use std::fs;

use super::Stage;
use crate::{
    payment::{USER, gas},
    replay::{canaries::assert_absent, replay},
    world::example,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_live_run_is_recorded_without_keys_and_played_when_all_is_gone() {
    let stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    let run =
        stage.world.run(&["ask", "--json", "--yes", "--record", "live.cassette", "Run protein folding on data.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(stage.received().await, gas("2"));
    let text = fs::read_to_string(stage.world.work().join("live.cassette")).unwrap();
    for name in ["AIOZ_ACCESS_KEY", "AIOZ_SECRET_KEY", "AIOZ_API_KEY", "NEO_PRIVATE_KEY"] {
        assert_absent(&text, &stage.world.setting(name), name);
    }
    let key = bs58::decode(USER).with_check(None).into_vec().unwrap()[1..33].to_vec();
    assert!(!text.contains(&hex::encode(key)));

    let Stage { world, chain, provider, storage } = stage;
    drop((chain, provider, storage));
    let played = replay(&["--json", "live.cassette"], &world.work());
    assert_eq!(played.code, 0, "{}", played.all());
    for kind in ["session.started", "job.submitted", "payment.intended", "payment.confirmed", "approval.resolved"] {
        let mut then = run.event(kind);
        let mut now = played.event(kind);
        for event in [&mut then, &mut now] {
            event["ts"] = serde_json::Value::Null;
            event["seq"] = serde_json::Value::Null;
        }
        assert_eq!(now, then);
    }
    assert_eq!(played.event("approval.resolved")["by"], "yes");
    assert_eq!(played.event("receipt")["payment"], run.event("receipt")["payment"]);
}
