//! What the name of a file says, and the folders it lies in.

use std::path::{Component, Path};

/// Folders in which programs keep keys, or settings with keys in them.
const FOLDERS: &[&str] = &[
    ".ssh",
    ".aws",
    ".gnupg",
    ".kube",
    ".docker",
    ".config",
    ".azure",
    ".git",
    ".hg",
    ".svn",
    ".cargo",
    ".password-store",
    ".terraform.d",
    ".mozilla",
    ".thunderbird",
    ".electrum",
    ".bitcoin",
    ".litecoin",
    ".ethereum",
    ".monero",
    ".neo-cli",
    ".solana",
    ".near-credentials",
    ".gem",
    ".m2",
    ".gradle",
    ".minikube",
    ".oci",
    ".bluemix",
    ".sops",
    ".tsh",
    ".pki",
    ".purple",
    ".weechat",
    ".putty",
    ".vnc",
    ".subversion",
    ".keychain",
    ".jupyter",
    ".kaggle",
    "keyrings",
];
/// Names that only secrets and settings have.
const NAMES: &[&str] = &[
    ".env",
    ".envrc",
    ".netrc",
    "_netrc",
    ".pgpass",
    "pgpass.conf",
    ".my.cnf",
    ".mylogin.cnf",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pypirc",
    ".git-credentials",
    ".gitconfig",
    ".bash_history",
    ".zsh_history",
    ".sh_history",
    ".python_history",
    ".psql_history",
    ".mysql_history",
    ".sqlite_history",
    ".irb_history",
    ".node_repl_history",
    ".histfile",
    ".history",
    ".htpasswd",
    ".htdigest",
    ".vault-token",
    ".vault_pass",
    ".vault_pass.txt",
    ".dockercfg",
    ".dockerconfigjson",
    ".s3cfg",
    ".boto",
    ".terraformrc",
    "terraform.rc",
    ".remote-sync.json",
    ".ftpconfig",
    ".netrc.gpg",
    ".authinfo",
    ".authinfo.gpg",
    ".fetchmailrc",
    ".msmtprc",
    ".muttrc",
    ".esmtprc",
    ".wgetrc",
    ".curlrc",
    "_curlrc",
    ".cifs",
    ".smbcredentials",
    ".xauthority",
    ".rhosts",
    ".tugboat",
    ".jwt",
    ".databrickscfg",
    ".snowsql",
    ".condarc",
    ".gem_credentials",
    ".recon-ng",
    ".rclone.conf",
    "rclone.conf",
    "credentials",
    "credentials.json",
    "credentials.xml",
    "credentials.db",
    "client_secret.json",
    "application_default_credentials.json",
    "service-account.json",
    "service_account.json",
    "kubeconfig",
    "kaggle.json",
    "wallet.json",
    "wallet.dat",
    "default_wallet",
    "config.toml",
    "policy.toml",
    "secring.gpg",
    "secring.skr",
    "trustdb.gpg",
    "login data",
    "login data for account",
    "web data",
    "cookies",
    "cookies.sqlite",
    "cookies.txt",
    "logins.json",
    "signons.sqlite",
    "key3.db",
    "key4.db",
    "login.keychain",
    "shadow",
    "gshadow",
    "htpasswd",
    "master.key",
    "wp-config.php",
];
/// Endings that only secrets have.
const ENDINGS: &[&str] = &[
    ".pem",
    ".key",
    ".p12",
    ".pfx",
    ".pk8",
    ".jks",
    ".jceks",
    ".ppk",
    ".kdb",
    ".kdbx",
    ".wif",
    ".nep6",
    ".keystore",
    ".wallet",
    ".db3",
    ".env",
    ".wallet.json",
    ".ovpn",
    ".pkcs12",
    ".keychain",
    ".keychain-db",
    ".agilekeychain",
    ".opvault",
    ".psafe3",
    ".age",
    ".tfstate",
    ".tfstate.backup",
    ".tfvars",
    ".tfvars.json",
    ".kubeconfig",
    ".tblk",
    ".mobileconfig",
    ".publishsettings",
    ".keytab",
    ".htpasswd",
];
/// How keys of OpenSSH are called; what follows the kind is a person's own.
const SSH_KEYS: &[&str] = &["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_xmss"];
/// How files are called that people keep secrets in, where data may be called so, too.
const DOUBTFUL: &[&str] = &[
    "keystore",
    "secrets.",
    "secret.",
    "private_key",
    "private-key",
    "privatekey",
    "mnemonic",
    "seed_phrase",
    "seed-phrase",
    "seedphrase",
    "recovery_phrase",
    "recovery-phrase",
    "passwords",
    "password.",
    "credentials.",
    "client_secret",
    "api_key",
    "api-key",
    "apikey",
    "backup-codes",
];

/// What the name of a file says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Nothing.
    Plain,
    /// A secret, unless its content is sequences.
    Doubtful,
    /// A secret.
    Secret,
}

/// What a path says: by its last part, and by the folders in it.
pub fn name(path: &Path) -> Name {
    let in_folder = path.components().any(|part| match part {
        Component::Normal(name) => FOLDERS.iter().any(|folder| name == *folder),
        _ => false,
    });
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()) else {
        return Name::Plain;
    };
    // A copy is called as its original, with something behind: `.netrc~`, `wallet.dat.bak`.
    let original = ["~", ".bak", ".old", ".orig", ".backup", ".save", ".swp", ".txt"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(&name);
    let starts = |list: &[&str]| list.iter().any(|start| name.starts_with(start));
    let only = |name: &str| NAMES.contains(&name) || ENDINGS.iter().any(|end| name.ends_with(end));
    if in_folder || only(&name) || only(original) || name.starts_with(".env.") || name.starts_with("utc--") {
        return Name::Secret;
    }
    let wallet = name.starts_with("wallet") && name.ends_with(".json");
    // `id_mapping.tsv` is data; keys have no ending.
    let key = starts(SSH_KEYS) || name.starts_with("id_") && !name.contains('.');
    if wallet || key || starts(DOUBTFUL) {
        return Name::Doubtful;
    }
    Name::Plain
}
