use super::*;
use domain::{
    money::Datoshi,
    request::{Bounds, Locality, Origin, Spend, Until},
};

fn request(said: &str, bounds: Bounds) -> Request {
    Request::new(Origin::Model("m".into()), bounds, vec![], Some(said.into()))
}

fn withheld(said: &str) -> bool {
    withholds(&request(said, Bounds::default()))
}

#[test]
fn a_cue_in_ten_languages_withholds() {
    for said in [
        "Fold data.fasta, but budget 1.5",
        "get me a quote and stop there",
        "What would it take to fold data.fasta?",
        "Stop. Do not fold data.fasta.",
        "fold data.fasta only here",
        "Fold data.fasta — don’t spend anything",
        "Falte data.fasta, aber bezahle nichts",
        "Falte data.fasta kostenlos",
        "Plie data.fasta, mais ne paie rien",
        "Plie data.fasta gratuitement",
        "Pliega data.fasta sin pagar nada",
        "¿Cuánto costaría plegar data.fasta?",
        "Ripiega data.fasta senza spendere",
        "Dobra data.fasta mas não pagues",
        "Złóż data.fasta, ale nie płać",
        "Ile kosztuje złożenie data.fasta?",
        "Vouw data.fasta, maar betaal niets",
        "Сверни data.fasta, но не плати",
        "Сколько будет стоить свернуть data.fasta?",
        "data.fasta を折りたたんで。ただしお金は払わないで",
        "data.fasta の折りたたみの費用は？",
        "折叠 data.fasta,但不要付钱",
        "data.fasta 접어줘, 비용은 안 돼",
    ] {
        assert!(withheld(said), "{said}");
    }
}

#[test]
fn a_plain_order_in_ten_languages_does_not() {
    for said in [
        "Run protein folding on data.fasta",
        "Please fold data.fasta in 3D with seed 7",
        "Bitte falte die Proteine in data.fasta",
        "Plie les protéines de data.fasta",
        "Pliega las proteínas de data.fasta",
        "Ripiega le proteine di data.fasta",
        "Dobra as proteínas de data.fasta",
        "Złóż białka z data.fasta",
        "Vouw de eiwitten in data.fasta",
        "Сверни белки из data.fasta",
        "data.fasta のタンパク質を折りたたんで",
        "折叠 data.fasta 里的蛋白质",
        "data.fasta 단백질 접어줘",
        "fold gas/no.payment.fasta",
    ] {
        assert!(!withheld(said), "{said}");
    }
}

#[test]
fn a_bound_that_is_set_is_no_longer_asked_for() {
    let limit = Bounds { spend: Spend::AtMost(Datoshi::from_gas(3)), ..Bounds::default() };
    let here = Bounds { place: Locality::Here, ..Bounds::default() };
    let until = Bounds { until: Until::Quote, ..Bounds::default() };
    assert!(!withholds(&request("for at most 3 GAS", limit)));
    assert!(!withholds(&request("only here", here)));
    assert!(withholds(&request("pay nothing", until)), "where to stop is neither a limit nor a place");
    let silent = Request { said: None, ..request("", Bounds::default()) };
    assert!(!withholds(&silent));
}
