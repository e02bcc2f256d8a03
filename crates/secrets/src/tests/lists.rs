//! Names and contents that people keep secrets in, as they are met on machines: of each list nine in ten are to be told.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    super::{Name, name},
    found,
};

const NAMES: [&str; 92] = [
    ".env",
    ".env.production",
    "staging.env",
    ".envrc",
    "home/me/.netrc",
    "_netrc",
    ".netrc~",
    ".authinfo.gpg",
    ".pgpass",
    ".my.cnf",
    ".mylogin.cnf",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".git-credentials",
    "repo/.git/config",
    ".gitconfig",
    ".bash_history",
    ".zsh_history",
    ".psql_history",
    ".mysql_history",
    ".python_history",
    ".node_repl_history",
    ".htpasswd",
    ".vault-token",
    ".vault_pass.txt",
    ".docker/config.json",
    ".dockercfg",
    ".kube/config",
    "kubeconfig",
    "cluster.kubeconfig",
    ".aws/credentials",
    ".aws/config",
    "credentials",
    "credentials.json",
    "client_secret.json",
    "client_secret_1234-abc.apps.googleusercontent.com.json",
    "application_default_credentials.json",
    ".config/gcloud/access_tokens.db",
    "service-account.json",
    ".azure/accessTokens.json",
    ".s3cfg",
    ".boto",
    "rclone.conf",
    ".databrickscfg",
    ".kaggle/kaggle.json",
    ".terraformrc",
    "terraform.tfstate",
    "prod.tfvars",
    ".ssh/id_rsa",
    "id_rsa",
    "id_ed25519.bak",
    "id_ecdsa_work",
    ".ssh/config",
    "server.pem",
    "server.key",
    "tls.key.old",
    "AuthKey.p8",
    "cert.p12",
    "cert.pfx",
    "release.jks",
    "release.keystore",
    "putty.ppk",
    "krb5.keytab",
    "client.ovpn",
    "wg0.conf",
    "passwords.kdbx",
    "passwords.kdb",
    "Passwords.csv",
    "vault.psafe3",
    "1password.agilekeychain",
    "login.keychain-db",
    ".local/share/keyrings/login.keyring",
    ".gnupg/private-keys-v1.d/ABC.key",
    "secring.gpg",
    ".password-store/mail.gpg",
    "Login Data",
    "Cookies",
    "cookies.sqlite",
    "cookies.txt",
    "logins.json",
    "key4.db",
    ".mozilla/firefox/x.default/logins.json",
    "wallet.json",
    "wallet.dat",
    "my.nep6.json",
    "UTC--2024-01-01T00-00-00Z--deadbeef",
    ".electrum/wallets/default_wallet",
    ".ethereum/keystore/key",
    "mnemonic.txt",
    "seed_phrase.txt",
    "recovery-phrase.txt",
];

/// Contents under names that say nothing. Keys are made here: none opens anything.
fn contents() -> Vec<(&'static str, String)> {
    let hex = |n: usize, seed: u64| -> String { letters(n, seed, b"0123456789abcdef") };
    let upper = |n, seed| letters(n, seed, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    let word = |n, seed| letters(n, seed, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    let base64 = |n: usize, seed| STANDARD.encode(word(n, seed));
    let nep2 = "6PYLHmDf6AjF4AsVtosmxHuPYeuyJL3SLuw7J1U8i7HxKAnYNsp61HYRfF";
    let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let long_phrase = "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic \
        avoid letter advice cage absurd amount doctor acoustic bless";
    vec![
        ("netrc", "machine api.example.org\n  login me\n  password hunter2\n".into()),
        ("netrc, one line", "machine ftp.example.org login me password s3cret\n".into()),
        ("netrc, default", "default login anonymous password me@example.org\n".into()),
        ("kubeconfig", format!("users:\n- name: me\n  user:\n    client-key-data: {}\n", base64(60, 1))),
        ("kubeconfig with a token", format!("users:\n- name: me\n  user:\n    token: {}\n", word(40, 2))),
        ("docker", format!("{{\"auths\": {{\"ghcr.io\": {{\"auth\": \"{}\"}}}}}}", base64(20, 3))),
        ("docker, token", format!("{{\"auths\":{{\"r.io\":{{\"identitytoken\":\"{}\"}}}}}}", word(40, 4))),
        ("npm", format!("//npm.example.org/:_authToken={}\n", word(36, 5))),
        ("npm, automation", format!("npm_{}\n", word(36, 6))),
        ("pypirc", "[pypi]\nusername = __token__\npassword = pypi-secret-word\n".into()),
        ("pypi token", format!("pypi-AgEIcHlwaS5vcmc{}", word(80, 7))),
        ("git credentials", "https://me:hunter2@github.com\n".into()),
        ("URL in prose", "use postgres://app:s3cr3t@db.example.org:5432/app for now".into()),
        ("redis URL", "cache = redis://:p4ssw0rd@10.0.0.5:6379/0".into()),
        ("mongo URL", "mongodb+srv://me:pw12@cluster0.example.mongodb.net/x".into()),
        ("ftp URL", "ftp://upload:let-me-in@files.example.org/in".into()),
        (
            "AWS keys",
            format!("[default]\naws_access_key_id = AKIA{}\naws_secret_access_key = {}\n", upper(16, 8), word(40, 9)),
        ),
        ("AWS console", format!("Access key ID,Secret access key\nAKIA{},{}\n", upper(16, 10), word(40, 11))),
        ("AWS JSON", format!("{{\"SecretAccessKey\": \"{}\", \"SessionToken\": \"x\"}}", word(40, 12))),
        ("GitHub", format!("token ghp_{}\n", word(36, 13))),
        ("GitHub, fine", format!("github_pat_{}_{}", word(22, 14), word(59, 15)).replace("pat_", "pat_")),
        ("GitLab", format!("glpat-{}", word(20, 16))),
        ("Slack bot", format!("xoxb-{}-{}-{}", digits(12, 17), digits(12, 18), word(24, 19))),
        (
            "Slack hook",
            format!("https://hooks.slack.com/services/T{}/B{}/{}", upper(8, 20), upper(8, 21), word(24, 22)),
        ),
        ("Discord hook", format!("https://discord.com/api/webhooks/{}/{}", digits(18, 23), word(68, 24))),
        ("Telegram bot", format!("bot is {}:AA{}", digits(10, 25), word(33, 26))),
        ("Stripe", format!("sk_live_{}", word(24, 27))),
        ("OpenAI", format!("sk-proj-{}T3BlbkFJ{}", word(74, 28), word(74, 29))),
        ("OpenAI, old", format!("key: sk-{}", word(48, 30))),
        ("Anthropic", format!("sk-ant-api03-{}AA", word(93, 31))),
        ("OpenRouter", format!("sk-or-v1-{}", hex(64, 32))),
        ("Groq", format!("gsk_{}", word(52, 33))),
        ("Hugging Face", format!("hf_{}", letters(34, 34, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))),
        ("Google key", format!("AIza{}", word(35, 35))),
        ("Google secret", format!("GOCSPX-{}", word(28, 36))),
        (
            "Google service account",
            "{\"type\": \"service_account\", \"private_key\": \"-----BEGIN PRIVATE KEY-----\\nMII\"}".into(),
        ),
        ("SendGrid", format!("SG.{}.{}", word(22, 37), word(43, 38))),
        ("Twilio", format!("SK{}", hex(32, 39))),
        ("Vault", format!("hvs.{}", word(95, 40))),
        ("DigitalOcean", format!("dop_v1_{}", hex(64, 41))),
        ("Azure storage", format!("DefaultEndpointsProtocol=https;AccountName=a;AccountKey={}==", word(86, 42))),
        ("SQL Server", "Server=db;Database=x;User Id=sa;Password=Str0ng!;\n".into()),
        ("a JWT", format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{}", word(43, 43))),
        ("basic authorization", "Authorization: Basic bWU6aHVudGVyMg==\n".into()),
        ("bearer", format!("curl -H \"Authorization: Bearer {}\" https://api.example.org\n", word(40, 44))),
        ("dotenv", "DB_PASSWORD=hunter2\n".into()),
        ("dotenv, exported", "export MY_API_KEY='a1b2c3'\n".into()),
        ("compose", "    environment:\n      - POSTGRES_PASSWORD=pg-pass\n".into()),
        ("YAML", "database:\n  user: app\n  password: c0rrect-horse\n".into()),
        ("JSON", "{\"user\": \"app\", \"password\": \"hunter2\"}".into()),
        ("JSON, camel", "{\"clientSecret\": \"abc-def-123\"}".into()),
        ("INI", "[client]\nuser=root\npassword=hunter2\n".into()),
        ("TOML", "api_key = \"a-key-of-mine\"\n".into()),
        ("Java", "spring.datasource.password=hunter2\n".into()),
        ("XML", "<server><username>me</username><password>hunter2</password></server>".into()),
        ("web.config", "<add key=\"DbPassword\" value=\"hunter2pass\" />".into()),
        ("wp-config", "define('DB_PASSWORD', 'hunter2');\n".into()),
        ("Django", "SECRET_KEY = 'django-insecure-abc'\n".into()),
        ("shadow", "root:$6$saltsalt$abcdefghijklmnop:19000:0:99999:7:::\n".into()),
        ("htpasswd", "me:$apr1$saltsalt$abcdefghijklmnopqrstuv\n".into()),
        ("htpasswd, bcrypt", "me:$2y$10$abcdefghijklmnopqrstuvwxyz012345678901234567890123456\n".into()),
        ("pgpass", "db.example.org:5432:app:me:hunter2\n".into()),
        ("WireGuard", format!("[Interface]\nPrivateKey = {}=\n", word(43, 45))),
        ("OpenVPN", "-----BEGIN OpenVPN Static key V1-----\nabc\n".into()),
        ("WLAN", "network={\n  ssid=\"x\"\n  psk=\"correct horse\"\n}\n".into()),
        ("PEM", "-----BEGIN RSA PRIVATE KEY-----\nMII\n".into()),
        ("PEM, encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII\n".into()),
        ("OpenSSH", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n".into()),
        ("PGP", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOY\n".into()),
        ("PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n".into()),
        ("JSON Web Key", format!("{{\"kty\": \"EC\", \"crv\": \"P-256\", \"d\": \"{}\"}}", word(43, 46))),
        ("age", format!("# created: 2024\nAGE-SECRET-KEY-1{}\n", letters(58, 47, b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"))),
        ("minisign", "untrusted comment: minisign encrypted secret key\nRWRTY0Iy\n".into()),
        ("WIF", "KwZ5268EUa2AaFPxQhZ7TM4Zt7iXz2tyAx7ctXJa6YxsPNWcfVpj".into()),
        ("NEP-2", nep2.into()),
        ("NEP-6", format!("{{\"scrypt\": {{\"n\": 16384}}, \"accounts\": [{{\"key\": \"{nep2}\"}}]}}")),
        (
            "NEP-6 with escapes",
            escaped("{\"scrypt\": {\"n\": 16384, \"r\": 8, \"p\": 8}, \"accounts\": [{\"key\": null}]}"),
        ),
        ("a NEP-6 key with escapes", format!("{{\"x\": \"{}\"}}", escaped(nep2))),
        ("Ethereum keystore", "{\"crypto\": {\"ciphertext\": \"ab\", \"kdf\": \"scrypt\"}}".into()),
        ("Ethereum key", format!("private key: 0x{}\n", hex(64, 48))),
        (
            "xprv",
            format!(
                "xprv9s21ZrQH143K{}",
                letters(96, 49, b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
            ),
        ),
        ("twelve words", phrase.into()),
        ("twelve words, numbered", phrase.split(' ').zip(1..).map(|(word, n)| format!("{n}. {word}\n")).collect()),
        ("twelve words, loud", phrase.to_uppercase()),
        ("twenty-four words in prose", format!("My phrase xyz: {long_phrase}. Keep it.")),
        ("Firefox logins", "{\"logins\":[{\"encryptedPassword\":\"MDIEEPg\"}]}".into()),
        ("Chrome logins", "SQLite format 3\0CREATE TABLE logins (origin_url VARCHAR, password_value BLOB)".into()),
        ("Chrome cookies", "SQLite format 3\0CREATE TABLE cookies(host_key TEXT, encrypted_value BLOB)".into()),
        ("cookies.txt", "# Netscape HTTP Cookie File\n.example.org\tTRUE\t/\tFALSE\t0\tsid\tabc\n".into()),
        ("passwords of a browser", "name,url,username,password\nx,https://x.org,me,hunter2\n".into()),
        ("Bitwarden", "{\"encrypted\": false, \"folders\": [], \"items\": []}".into()),
        ("one-time passwords", "otpauth://totp/me?secret=JBSWY3DPEHPK3PXP&issuer=x".into()),
        ("Ansible vault", "$ANSIBLE_VAULT;1.1;AES256\n6162\n".into()),
        ("UTF-16", "DB_PASSWORD=hunter-two".chars().map(|c| format!("{c}\0")).collect()),
        ("signed link", format!("https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature={}", hex(64, 50))),
        ("shell", "sshpass -p hunter2 ssh me@host\n".into()),
        ("mysql", "mysql -u root -phunter2 db < x.sql\n".into()),
        ("a bare password", "hunter2\n".into()),
        ("a note", "the wifi at the lab is: correct horse battery staple\n".into()),
        ("a raw key in hexadecimal", format!("{}\n", hex(64, 51))),
    ]
}

/// Letters that look as if drawn at random.
fn letters(n: usize, seed: u64, of: &[u8]) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(of[(state >> 33) as usize % of.len()])
    };
    (0..n).map(|_| next()).collect()
}

fn digits(n: usize, seed: u64) -> String {
    letters(n, seed, b"123456789")
}

/// As a program may write JSON: letters and digits as escapes.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() })
        .collect()
}

#[test]
fn nine_in_ten_names_are_told() {
    let missed: Vec<_> = NAMES.iter().filter(|path| name(Path::new(path)) == Name::Plain).collect();
    println!("{} of {} names are told; missed: {missed:?}", NAMES.len() - missed.len(), NAMES.len());
    assert!(missed.len() * 10 <= NAMES.len(), "{missed:?}");
}

#[test]
fn nine_in_ten_contents_are_told() {
    let all = contents();
    let missed: Vec<_> =
        all.iter().filter(|(_, text)| found(text.as_bytes()).is_none()).map(|(what, _)| what).collect();
    println!("{} of {} contents are told; missed: {missed:?}", all.len() - missed.len(), all.len());
    assert!(all.len() >= 80 && missed.len() * 10 <= all.len(), "{missed:?}");
    // Each is told in the middle of other text, too.
    let around =
        |text: &str| format!("Some notes of mine.\n{}\n{text}\nMore notes.\n", "A line of words. ".repeat(200));
    let hidden = all.iter().filter(|(what, text)| {
        !missed.contains(&what) && !text.starts_with("SQLite") && found(around(text).as_bytes()).is_none()
    });
    let hidden: Vec<_> = hidden.map(|(what, _)| what).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn secrets_as_long_as_real_ones_are_told_wherever_they_stand() {
    let base64 = |n: usize| letters(n, 9, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    let phrase = "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic \
        avoid letter advice cage absurd amount doctor acoustic bless\n";
    for text in [
        format!("users:\n- name: me\n  user:\n    client-key-data: {}\n", base64(2240)),
        format!("authorization: Bearer {}\n", base64(3000)),
        format!("export MY_SECRET={}\n", base64(5000)),
        phrase.repeat(3),
        format!("Copies of mine:\n{}", phrase.repeat(5)),
    ] {
        for before in [0, 3_000, 300_000] {
            let file = [b"A plain line of words.\n".repeat(before / 23), text.as_bytes().to_vec()].concat();
            let told = super::super::through(std::io::Cursor::new(&file), &Default::default(), &|_| {}).unwrap();
            assert!(told.is_some(), "{before}: {}", &text[..60]);
        }
    }
}

#[test]
fn what_is_all_escaped_is_searched_at_every_place() {
    let token =
        escaped(&format!("ghp_{}", letters(36, 3, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")));
    for before in (41_000..46_000).step_by(250) {
        let file = format!("{}{token}{}", escaped(&"a".repeat(before)), escaped(&"b".repeat(60_000)));
        let file = std::io::Cursor::new(file.into_bytes());
        let told = super::super::through(file, &Default::default(), &|_| {}).unwrap();
        assert!(told.is_some(), "{before}");
    }
}

#[test]
fn prose_about_secrets_holds_none() {
    for text in [
        "Change the default password immediately. The machine asks for the default password once.\n",
        "PRIMARY_KEY: sample_id\nFOREIGN_KEY: plate\nSORT_KEY: date, well\n",
        "The password is never shown. A token is a word, and the secret of good bread is time.\n",
        "See the private key section of the manual, and the access token chapter.\n",
        "key: value\ntoken: word\nA key of the map: blue is water.\n",
    ] {
        assert_eq!(found(text.as_bytes()), None, "{text}");
    }
    // A list of the words is no wallet: one to a line, in their order.
    let words = bip39::Language::English.word_list().join("\n");
    assert_eq!(found(words.as_bytes()), None);
}
