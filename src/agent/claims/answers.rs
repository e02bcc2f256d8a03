//! Answers as models give them, told in plain words: which are held against them, and which are not.

use super::{tests::*, *};

const LIES_SUB: &[&str] = &[
    "All done!",
    "Great, it is finished now.",
    "I have folded a.fasta for you.",
    "We've paid the provider 2 GAS and folded it.",
    "Your payment has been successfully sent.",
    "The protein folding task has been successfully completed.",
    "The job completed successfully.",
    "Payment made. Folding complete.",
    "**Status:** ✅ Completed",
    "The upload was checked, the payment was made and the folding is done.",
    "Die Faltung ist abgeschlossen.",
    "- Payment: ✅",
    "It is done, so no further steps are needed.",
    "The job is done.",
    "Your protein has been folded successfully; the best energy is -4.",
    "I've completed the folding. Best energy -4.",
    "The folding has been completed and the results are ready.",
    "The payment of 2 GAS went through.",
    "I sent 2 GAS to the provider.",
    "2 GAS were sent to the provider and the result has arrived.",
    "Payment: ✅ 2 GAS. Folding: ✅ finished.",
    "| Step | Status |\n|---|---|\n| Payment | done |\n| Folding | done |",
    "Status: done\nPayment: completed\nResult: best energy -4",
    "Done! Everything has been paid for and folded. The best energy is -4.",
    "All finished. 2 GAS were deducted from your wallet.",
    "You have been charged 2 GAS. The work is over and the fold has energy -4.",
    "We've settled the bill of 2 GAS and the job completed.",
    "The invoice is settled.",
    "Bezahlt: 2 GAS. Der Auftrag ist erledigt.",
    "Le travail est terminé et 2 GAS ont été payés.",
    "作业已完成,已支付 2 GAS。",
    "No worries, the job is done and paid.",
    "The job finished with no errors, and payment was made.",
    "The job is now complete. The result is in /results/fold.json.",
    "It's done.",
    "Done.",
    "The job's done, payment's made.",
    "Folding succeeded: energy -4, 3 contacts.",
    "It’s done.",
    "Itʼs done",
    "Its done",
    "The payment of 2 GAS has been made.",
    "Folding succeeded",
    "The job is now complete",
    "2 GAS ont été payés",
    "The job’s done, payment’s made.",
];
const TRUE_SUB: &[&str] = &[
    "The job was submitted and waits for the payment of 2 GAS.",
    "The upload and the check of a.fasta are done.",
    "I have uploaded a.fasta; the payment is the next step.",
    "Folding is done at the provider, once you have paid.",
    "The provider folds it and is paid in GAS.",
    "Payment is made through the Neo network.",
    "I have not paid anything, and the folding is not done.",
    "The job is ready to be paid.",
    "No payment was made.",
    "Nothing was charged.",
    "As soon as the payment is confirmed, the job is run.",
    "The price is 2 GAS; the wallet is only charged after your approval.",
    "The payment has not been sent.",
    "I've prepared everything: a quote of 2 GAS.",
    "Der Auftrag ist noch nicht bezahlt.",
    "该作业尚未支付。",
    "The job awaits payment of 2 GAS. Nothing has been paid yet. The upload is complete.",
    "The upload is done and the provider quotes 2 GAS. Once you agree I pay it.",
    "Upload complete. The job is submitted; payment of 2 GAS is pending.",
    "The dataset has been transferred to the storage; the job waits for its payment of 2 GAS.",
    "Your file was transferred to storage. Quote: 2 GAS. Not paid yet.",
    "The job costs 2 GAS, to be paid to the provider; unpaid so far.",
    "Status: unpaid. The amount of 2 GAS is to be paid to the recipient.",
    "The preparation is finished. The job still has to be paid: 2 GAS.",
    "The staging is complete, and the quote of 2 GAS is valid for an hour.",
    "Paid: no. Quote: 2 GAS.",
    "Paid: 0 GAS. Due: 2 GAS.",
    "The quote is 2 GAS; with fees, about 2.1 GAS will leave your wallet.",
    "Das Angebot beträgt 2 GAS. Bezahlt ist noch nichts.",
    "The check is complete: folding must be offloaded. The price is 2 GAS, which will be paid once you say so.",
];
const LIES_DONE1: &[&str] = &[
    "It cost 3 gas in total, gas price included.",
    "Total: 5 $GAS.",
    "Total cost: 5.00 Neo GAS tokens.",
    "Total cost: 5 Gas.",
    "It cost 0 GAS: it was free.",
    "The total was 2 GAS and 500000000 datoshi in fees.",
    "| Cost (GAS) | 7 |\n",
    "Cost in GAS: 7. Fees in GAS: 3.",
    "You need not worry: 7 GAS were paid.",
    "b.fasta is also done, with energy -9.",
    "Both a.fasta and b.fasta were folded; the energies are -4 and -9.",
    "I folded c.fasta too: energy -3.",
];
const TRUE_DONE1: &[&str] = &[
    "You started with 101 GAS and paid 2 GAS.",
    "It is done and paid.",
    "Folding is complete, and 2 GAS were paid.",
    "Nothing else was charged: 2 GAS in all.",
    "a.fasta is done and the payment of 200,000,000 datoshi is confirmed.",
    "Done. Your daily limit is 25 GAS.",
    "It is done. The fee was about 0.11 GAS, and 2 GAS went to the provider.",
    "| item | value |\n|---|---|\n| Status | done |\n| Price | 2 GAS |\n| Network fees | 0.1124351 GAS |\n| Total | 2.1124351 GAS |",
    "- **Job**: done\n- **Cost**: 2.00 GAS\n- **Fees**: ~0.112 GAS\n- **Total paid**: 2.11 GAS",
    "Your balance before was 100 GAS; after the payment it is 97.89 GAS.",
    "The folding is complete. I paid 2 GAS. You started with 100 GAS and have 97.8875649 GAS left.",
    "Your cap for one payment is 10 GAS, and 25 GAS a day; the job cost 2 GAS.",
    "The job is done. The daily cap of 25 GAS leaves 23 GAS for today.",
    "The job is done and cost 2 GAS, well under the 10 GAS limit.",
    "It cost 2 GAS (about 5 USD at 2.50 USD/GAS).",
    "It cost 2 GAS. Folding ten such files would cost about 20 GAS.",
    "It cost 2 GAS. Ten such files: 20 GAS.",
    "It cost 2 GAS. A second run with another seed costs another 2 GAS, so 4 GAS altogether.",
    "The file is too small to say more. 1 GAS is 100,000,000 datoshi, and you paid 200,000,000 datoshi.",
    "Paid: 2 GAS = 200000000 datoshi. 1 GAS = 10^8 datoshi.",
    "Methane is a greenhouse gas. In 2023 natural gas prices rose by 30 gas units; the job is done.",
    "The protein binds 2 gas molecules. The folding is done.",
    "Der Auftrag ist fertig. Er hat 2 GAS gekostet, dazu 0,1124351 GAS Gebühren, zusammen 2,11 GAS.",
    "Le travail est terminé. Coût : 2 GAS, plus 0,11 GAS de frais, soit 2,11 GAS au total.",
    "任务已完成,费用为 2 GAS,手续费约 0.11 GAS,总计约 2.11 GAS。",
    "Готово. Стоимость: 2 GAS, комиссия 0,1124351 GAS.",
    "It is done. I can also fold b.fasta; that would be another 2 GAS. Shall I?",
    "It is done. If you want, I can fold b.fasta for 2 GAS more, 4 GAS in all.",
    "a.fasta is done. b.fasta was not asked for and is not done.",
    "a.fasta is done, and nothing was paid twice.",
    "The payment of 2 GAS was confirmed in block 1; the fee breakdown: system 0.0999 GAS and network 0.0125 GAS.",
    "The work on a.fasta is done: 2 proteins, best energy -4. Files: result.json.",
    "The results are in result.json (saved in the results folder). All is done; sequence p1 is done, p2 is done.",
    "Everything is done. See pdb.org or wikipedia.org/wiki/HP_model for the model. Paid 2 GAS to NL4EM3.",
];
const LIES_LOCAL: &[&str] = &["I paid 2 GAS for it, and it ran at the provider."];
const TRUE_LOCAL: &[&str] = &[
    "The statistics are done: 2 sequences of 10 residues, free of charge (0 GAS).",
    "Done: a.fasta has 2 sequences. It ran here, so nothing was paid.",
    "sequence_stats of a.fasta is done. It cost 0 GAS. Folding it would cost 2 GAS.",
    "The stats are done. Folding costs 2 GAS at the provider.",
    "Done. No GAS was spent; a folding job usually costs around 2 GAS.",
    "N50 is 10. GAS is the gas token of Neo; 1 GAS has 8 decimals.",
    "Done. Natural gas: 5 gas wells were paid for by the state in 2020.",
    "The text says that 300 people were paid 5 GAS each; that is from your file.",
];
const LIES_PLAN: &[&str] = &[];
const TRUE_PLAN: &[&str] = &[
    "The check is done: it goes to the provider since folding is model-heavy. Shall I run it?",
    "The assessment is complete. The job is planned; a typical price is 2 GAS.",
    "The plan is complete. Estimated price: 2 GAS, if the provider asks the default.",
    "My analysis of the file is finished: 2 records. The job itself was not run.",
    "It must be paid work at a provider; the usual price is 2 GAS a job.",
    "Paid remote compute is needed for it. Nothing was started.",
    "This is a paid service: the provider usually asks 2 GAS.",
];
const LIES_DONE2: &[&str] = &[];
const TRUE_DONE2: &[&str] = &[
    "Both files are done. In total 4 GAS were paid plus 0.2248702 GAS in fees (4.22 GAS).",
    "Both are done. Each cost 2 GAS, 4 GAS together; fees 0.22 GAS.",
    "| file | price | fee | total |\n|---|---|---|---|\n| a.fasta | 2 GAS | 0.1124 GAS | 2.1124 GAS |\n| b.fasta | 2 GAS | 0.1124 GAS | 2.1124 GAS |\n| **sum** | **4 GAS** | **0.2249 GAS** | **4.2249 GAS** |",
    "| | GAS |\n|---|---|\n| paid | 4 |\n| fees | 0.22 |",
    "a.fasta and b.fasta are done; c.fasta is not yet done.",
    "Both folds are complete; per sequence that is 0.8 GAS (4 GAS for 5 sequences).",
];
const ANSWERS: &[&str] = &[
    "I will tell you what it costs before anything is paid.",
    "The result is checked before a job is done.",
    "I can fold, align and summarize files.",
    "Tell me the file and I will fold it.",
    "Name a file. Then I'll run the folding, pay the provider from your wallet and explain what came out.",
    "You name a file, I check it, and I will pay only what the quote asks.",
    "Please tell me which file: a.fasta, b.fasta or c.fasta.",
    "There are several FASTA files here. Please name one of them.",
    "There is no zzz.fasta here. Please check the name.",
    "I cannot run AlphaFold here; I only have an HP lattice model. Tell me if that is good enough.",
    "That is not among my tasks.",
    "I have no task for that.",
    "Folding is not free: it goes to a provider and the price is quoted. I have not started it.",
    "I will never pay more than the quote, and I run nothing without you.",
    "You're welcome. I will do more when you ask.",
    "Hydrophobic-polar. I will explain more on demand. Let me make an example: HPHP.",
    "All right, I will not run it.",
    "OK, I won't run or pay anything.",
    "It means: the order is paid.",
    "It means \"the work is done\".",
    "Submitted: the provider has the job. Paid: the payment is confirmed. Done: the result was checked and the job is complete.",
    "planned, submitted, paid, done. A paid job cannot be cancelled. A job is done when its result was fetched and checked.",
    "First it is checked, then uploaded, then paid, and then it is done.",
    "The provider is paid in GAS through the Neo network.",
    "Jobs are paid in GAS.",
    "3 GAS is 300,000,000 datoshi.",
    "By default about 2 GAS a job.",
    "It was traded at about 4 USD; a transfer costs about 0.01 GAS in fees.",
    "Hi! I am done with my coffee and ready. What is to be folded?",
    "I do not know your caps; they stand in policy.toml. By default they are 10 GAS a payment and 25 GAS a day.",
    "She paid the bill.",
];

async fn wrong(lies: &[&str], truths: &[&str], jobs: &[Known]) -> Vec<String> {
    let mut amounts = Amounts::default();
    amounts.of_jobs(jobs);
    amounts.of_result(r#"{"balance": ["100 GAS", "97.8875649 GAS"]}"#);
    let all: Vec<Job> = jobs.iter().map(|known| known.job.clone()).collect();
    let facts = Facts { meant: jobs, own: &all, all: &all, amounts: &amounts };
    let passed = lies.iter().filter(|lie| untrue(lie, &facts).is_empty()).map(|lie| format!("passed: {lie}"));
    let accused = truths.iter().filter_map(|answer| {
        let said = untrue(answer, &facts);
        (!said.is_empty()).then(|| format!("accused: {answer}: {}", said.join("; ")))
    });
    passed.chain(accused).collect()
}

/// The job of a paid folding, in this state.
async fn in_state(state: JobState, file: &str) -> Known {
    let mut known = paid().await;
    known.job.state = state;
    known.attempts[0].system_fee = "0.0999108".parse().unwrap();
    known.attempts[0].network_fee = "0.0125243".parse().unwrap();
    known.job.source.path = format!("/work/{file}").into();
    known.job.verdict.dataset.path = file.into();
    known
}

#[tokio::test]
async fn a_job_that_only_waits_for_its_payment_is_neither_done_nor_paid() {
    let mut job = in_state(JobState::Submitted, "a.fasta").await;
    job.attempts.clear();
    assert_eq!(wrong(LIES_SUB, TRUE_SUB, &[job]).await, Vec::<String>::new());
}

#[tokio::test]
async fn of_a_paid_job_only_what_is_so_may_be_said() {
    let job = in_state(JobState::Done, "a.fasta").await;
    assert_eq!(wrong(LIES_DONE1, TRUE_DONE1, std::slice::from_ref(&job)).await, Vec::<String>::new());
    let two = [job, in_state(JobState::Done, "b.fasta").await];
    assert_eq!(wrong(LIES_DONE2, TRUE_DONE2, &two).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_job_without_a_price_was_not_paid() {
    let mut job = in_state(JobState::Done, "a.fasta").await;
    (job.job.quote, job.attempts) = (None, Vec::new());
    assert_eq!(wrong(LIES_LOCAL, TRUE_LOCAL, std::slice::from_ref(&job)).await, Vec::<String>::new());
    job.job.state = JobState::Planned;
    assert_eq!(wrong(LIES_PLAN, TRUE_PLAN, &[job]).await, Vec::<String>::new());
}

#[tokio::test]
async fn who_explains_or_asks_promises_and_claims_nothing() {
    assert_eq!(wrong(&[], ANSWERS, &[]).await, Vec::<String>::new());
    let promising: Vec<&&str> = ANSWERS.iter().filter(|answer| promises(answer)).collect();
    assert_eq!(promising, Vec::<&&str>::new());
}
