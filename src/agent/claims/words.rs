//! The words that claims are made of, in plain form as [`words::plain`](crate::model::words::plain) gives it.

/// What denies the part that it stands in, and later parts that have no verb of their own.
pub const NEGATIONS: [&str; 31] = [
    "not", "isn t", "hasn t", "wasn t", "weren t", "haven t", "didn t", "doesn t", "don t", "won t", "can t", "cannot",
    "no", "never", "nothing", "nobody", "none", "yet", "please", "nicht", "nichts", "noch", "kein", "keine", "pas",
    "rien", "ne", "nada", "nunca", "aún", "todavía",
];
/// What stands with one of these, or after it in a sentence, states nothing that is so now.
pub const HEDGES: [&str; 46] = [
    "once",
    "when",
    "after",
    "if",
    "until",
    "unless",
    "will",
    "ll",
    "would",
    "before",
    "to be",
    "should",
    "could",
    "can",
    "may",
    "might",
    "must",
    "needs",
    "need",
    "wait",
    "going to",
    "ready to",
    "what",
    "then it is",
    "then it s",
    "wird",
    "werden",
    "muss",
    "soll",
    "kann",
    "würde",
    "wenn",
    "sobald",
    "falls",
    "bevor",
    "dass",
    "sera",
    "seront",
    "doit",
    "être",
    "quand",
    "dès",
    "avant",
    "será",
    "cuando",
    "debe",
];
/// What sounds like a denial and is none.
pub const HARMLESS: [&str; 14] = [
    "no errors",
    "no error",
    "no problems",
    "no problem",
    "no worries",
    "no issues",
    "no doubt",
    "no trouble",
    "not only",
    "need not worry",
    "not to worry",
    "don t worry",
    "please note",
    "without errors",
];
/// What tells what somebody else wrote.
pub const REPORTS: [&str; 8] =
    ["text says", "file says", "data says", "text mentions", "file mentions", "it means", "translation", "translates"];
/// The same in Chinese, which has no spaces between words.
pub const ABROAD: [&str; 10] = ["未", "没", "不", "将", "会", "如果", "请", "等待", "需要", "吗"];
/// What work is at its end.
pub const FINISHED: [&str; 5] = ["done", "complete", "completed", "finished", "succeeded"];
/// What somebody did to the end.
pub const MADE: [&str; 2] = ["completed", "finished"];
/// What was made of data.
pub const SHAPED: [&str; 4] = ["folded", "aligned", "summarized", "summarised"];
/// What results do at the end.
pub const ARRIVED: [&str; 5] = ["arrived", "ready", "fetched", "here", "available"];
/// A state.
pub const IS: [&str; 4] = ["is", "are", "s", "its"];
/// An event.
pub const WAS: [&str; 3] = ["was", "were", "been"];
/// An event that somebody brought about.
pub const HAVE: [&str; 4] = ["has", "have", "had", "ve"];
/// Who brings it about.
pub const ACTORS: [&str; 2] = ["i", "we"];
/// What comes to an end.
pub const WORK: [&str; 9] =
    ["job", "folding", "fold", "work", "run", "computation", "calculation", "task", "everything"];
/// What an end is noted beside.
pub const LABELS: [&str; 12] = [
    "status",
    "state",
    "job",
    "folding",
    "fold",
    "work",
    "run",
    "result",
    "results",
    "computation",
    "calculation",
    "task",
];
/// What may stand between a verb and what it says.
pub const ADVERBS: [&str; 12] = [
    "now",
    "all",
    "already",
    "also",
    "both",
    "fully",
    "finally",
    "just",
    "successfully",
    "completely",
    "too",
    "indeed",
];
/// What joins two statements.
pub const JOINTS: [&str; 6] = ["and", "but", "so", "und", "et", "y"];
/// What follows a verb that tells how things are done, and not that they were.
pub const GENERAL: [&str; 14] = [
    "by", "at", "with", "in", "remotely", "locally", "via", "through", "using", "per", "on", "from", "before", "after",
];
/// Steps on the way that end before the job does.
pub const STEPS: [&str; 32] = [
    "upload",
    "uploaded",
    "uploading",
    "submission",
    "submitted",
    "check",
    "checked",
    "quote",
    "payment",
    "paid",
    "staged",
    "staging",
    "transaction",
    "transfer",
    "preparation",
    "prepared",
    "plan",
    "planning",
    "assessment",
    "analysis",
    "estimate",
    "estimation",
    "evaluation",
    "inspection",
    "setup",
    "prüfung",
    "hochladen",
    "angebot",
    "vérification",
    "检查",
    "上传",
    "报价",
];
/// What is settled.
pub const PAYMENT: [&str; 3] = ["payment", "bill", "invoice"];
/// How.
pub const SETTLED: [&str; 13] = [
    "made",
    "sent",
    "confirmed",
    "complete",
    "completed",
    "done",
    "settled",
    "successful",
    "succeeded",
    "went",
    "executed",
    "processed",
    "received",
];
/// What becomes of an amount that is spent.
pub const MOVED: [&str; 8] = ["sent", "charged", "deducted", "transferred", "debited", "spent", "withdrawn", "went"];
/// With one of these it is still to be paid.
pub const PENDING: [&str; 15] = [
    "pending",
    "await",
    "awaits",
    "awaiting",
    "due",
    "waits",
    "waiting",
    "outstanding",
    "unpaid",
    "required",
    "expected",
    "requested",
    "next",
    "remains",
    "remaining",
];
/// What says in German, French, Spanish and Chinese that work is done.
pub const DONE_ABROAD: [&str; 13] = [
    "erledigt",
    "fertig",
    "abgeschlossen",
    "beendet",
    "gefaltet",
    "terminé",
    "terminée",
    "terminado",
    "terminada",
    "completado",
    "completada",
    "已完成",
    "完成了",
];
/// What says in these that money went.
pub const PAID_ABROAD: [&str; 15] = [
    "bezahlt",
    "gezahlt",
    "überwiesen",
    "payé",
    "payée",
    "payés",
    "payées",
    "pagado",
    "pagada",
    "pagados",
    "pagué",
    "pagamos",
    "已支付",
    "支付了",
    "已付款",
];
/// What an amount of GAS is said with when it is said to be spent.
pub const SPENT: [&str; 9] = ["paid", "pay", "cost", "costs", "spent", "charged", "transferred", "sent", "deducted"];
/// What makes the whole of a sentence conditional, also from behind when it begins the last part of it.
pub const CONDITIONS: [&str; 12] =
    ["if", "once", "unless", "until", "whether", "whenever", "as soon as", "wenn", "falls", "sobald", "si", "cuando"];
/// What an amount is not yet, or not at all, when it is said right before or after it.
pub const UNREAL: [&str; 25] = [
    "would",
    "will",
    "ll",
    "could",
    "may",
    "might",
    "should",
    "shall",
    "need",
    "needs",
    "needed",
    "require",
    "requires",
    "not",
    "t",
    "no",
    "never",
    "nor",
    "without",
    "most",
    "würde",
    "wird",
    "nicht",
    "costaría",
    "coûterait",
];
/// What an amount is said with that is left: of a balance nothing is known here.
pub const LEFT: [&str; 20] = [
    "started",
    "leaving",
    "leaves",
    "leave",
    "left",
    "remaining",
    "remain",
    "remains",
    "balance",
    "available",
    "holds",
    "übrig",
    "guthaben",
    "verbleiben",
    "saldo",
    "quedan",
    "queda",
    "restan",
    "reste",
    "solde",
];
/// What a sentence begins with that asks as a whole.
pub const ASKING: [&str; 24] = [
    "is", "are", "was", "were", "do", "does", "did", "has", "have", "can", "could", "shall", "should", "will", "would",
    "may", "might", "what", "which", "how", "why", "soll", "kann", "darf",
];
/// Questions that ask nothing of what was wished for: they end an answer, as people do.
pub const CIVIL: [&str; 15] = [
    "anything else",
    "something else",
    "what else",
    "any other",
    "any questions",
    "further questions",
    "more details",
    "know more",
    "learn more",
    "other files",
    "another file",
    "can you believe",
    "isn t it",
    "ok",
    "okay",
];
/// What promises something.
pub const PROMISES: [&str; 10] = [
    "i will",
    "i ll",
    "i am going to",
    "i m going to",
    "let me",
    "i shall",
    "we will",
    "we ll",
    "i am now",
    "proceeding to",
];
/// What is promised when it is a step of the work.
pub const ACTS: [&str; 31] = [
    "run",
    "start",
    "begin",
    "check",
    "fold",
    "compute",
    "calculate",
    "analyze",
    "analyse",
    "submit",
    "upload",
    "pay",
    "process",
    "proceed",
    "perform",
    "measure",
    "do",
    "execute",
    "plan",
    "summarize",
    "summarise",
    "align",
    "search",
    "blast",
    "count",
    "look",
    "find",
    "get",
    "examine",
    "determine",
    "continue",
];
/// With one of these it is an offer and no promise.
pub const OFFERS: [&str; 8] = ["if", "once", "when", "after", "unless", "until", "know", "on demand"];
/// What wants something of the person before anything is done.
pub const REQUESTS: [&str; 12] = [
    "tell me",
    "name a",
    "name one",
    "name the",
    "you name",
    "give me",
    "send me",
    "choose",
    "say which",
    "which file",
    "please check",
    "please name",
];
/// What says that two jobs are meant.
pub const BOTH: [&str; 2] = ["both", "beide"];
/// With one of these a person speaks of money.
pub const MONEY: [&str; 12] =
    ["gas", "pay", "paid", "cost", "costs", "price", "budget", "limit", "cap", "spend", "at most", "cheaper"];
/// What an amount is said with that is a bound or a share: nothing of it was paid.
pub const CAPS: [&str; 8] = ["cap", "caps", "limit", "limits", "ceiling", "maximum", "default", "per"];
/// What an amount is said with that a price mostly is.
pub const USUAL: [&str; 6] = ["usual", "usually", "typical", "typically", "normally", "generally"];
/// The same, behind the amount.
pub const DAILY: [&str; 6] = ["a day", "per day", "daily", "each day", "limit", "cap"];
/// What a price is said with when it is taken several times.
pub const MULTIPLES: [&str; 9] =
    ["another", "second", "each", "such", "more", "twice", "together", "altogether", "in all"];
/// What says plainly that something cannot be done here.
pub const REFUSALS: [&str; 31] = [
    "there is no",
    "there s no",
    "there are no",
    "no such",
    "cannot",
    "i can t",
    "unable to",
    "not able to",
    "not among",
    "no task",
    "does not exist",
    "doesn t exist",
    "not found",
    "could not find",
    "couldn t find",
    "can t find",
    "not available",
    "not supported",
    "i do not have",
    "i don t have",
    "kann nicht",
    "kann ich nicht",
    "gibt es nicht",
    "gibt keine",
    "ne peux pas",
    "n existe pas",
    "no puedo",
    "no existe",
    "没有",
    "无法",
    "不能",
];
