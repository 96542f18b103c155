use mail_parser::{MessageParser, MimeHeaders};
use reports::{
    email::{Error, Letter, Login, Receipt, Secret, Security, Server, Step, send},
    sink::{Act, Fault, Faults, Sink, Stage},
};
use tempfile::TempDir;

use crate::campaigns::{self, occasion, tested_occasion};

/// A sink with its folder.
struct Post {
    sink: Sink,
    _folder: TempDir,
}

impl Post {
    async fn new(faults: impl IntoIterator<Item = Fault>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sink = Sink::start("127.0.0.1:0".parse().unwrap(), folder.path(), Faults::of(faults)).await.unwrap();
        Self { sink, _folder: folder }
    }

    /// The sink as a server that is retried at once.
    fn server(&self) -> Server {
        let address = self.sink.address();
        Server { pause_ms: 0, ..Server::at(address.ip().to_string(), address.port(), Security::Plain) }
    }

    fn mails(&self) -> Vec<Vec<u8>> {
        self.sink.folder().mails().unwrap().iter().map(|mail| std::fs::read(mail).unwrap()).collect()
    }
}

fn letter(to: &[&str]) -> Letter {
    let to: Vec<_> = to.iter().map(|&one| one.to_owned()).collect();
    Letter::of(&campaigns::mixed(), &tested_occasion(), "Segue <segue@ours.example>", &to, "0199a-1").unwrap()
}

fn answer(code: u16, text: &str) -> Act {
    Act::Answer(code, text.to_owned())
}

/// Sends to two people through a server with these faults; gives the result and how many mails were kept.
async fn sent(faults: impl IntoIterator<Item = Fault>) -> (Result<Receipt, Error>, usize) {
    let post = Post::new(faults).await;
    let result = send(&post.server(), &letter(&["ann@x.example", "bob@x.example"])).await;
    let kept = post.mails().len();
    post.sink.stop().await;
    (result, kept)
}

#[tokio::test]
async fn a_report_arrives_whole() {
    let post = Post::new([]).await;
    let letter = letter(&["Ann <ann@x.example>", "bob@x.example"]);
    let receipt = send(&post.server(), &letter).await.unwrap();
    assert_eq!(receipt.delivered, ["ann@x.example", "bob@x.example"]);
    let mails = post.mails();
    assert_eq!(mails.len(), 1);
    let mail = MessageParser::default().parse(&mails[0]).unwrap();
    assert_eq!(
        mail.subject(),
        Some(
            "[differs] Billing, nightly: 698 of 703 samples agree; 3 differ, 1 is noisy, 1 could not be replayed (4 min 12 s)"
        )
    );
    assert_eq!(receipt.message_id, format!("<{}>", mail.message_id().unwrap()));
    assert_eq!(mail.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    assert_eq!(mail.date().unwrap().to_timestamp(), 1_795_269_900);
    let text = mail.body_text(0).unwrap().replace("\r\n", "\n");
    assert_eq!(text, reports::text::write(&campaigns::mixed(), &tested_occasion(), reports::text::Colour::Never));
    let html = mail.body_html(0).unwrap();
    assert!(html.contains("not yet: the engines disagree") && html.contains("[if mso"));
    let attached = mail.attachment(0).unwrap();
    assert_eq!(attached.attachment_name(), Some("report.html"));
    assert_eq!(
        String::from_utf8_lossy(attached.contents()).replace("\r\n", "\n"),
        reports::html::write(&campaigns::mixed(), &tested_occasion())
    );
    post.sink.stop().await;
}

#[tokio::test]
async fn a_server_that_is_busy_for_a_while_is_tried_again() {
    for at in [Stage::Greeting, Stage::Hello, Stage::Mail, Stage::Recipient, Stage::Data, Stage::Kept] {
        let (result, kept) = sent([Fault::always(at, answer(451, "4.3.0 later")).times(2)]).await;
        let receipt = result.unwrap_or_else(|error| panic!("{at:?}: {error}"));
        assert_eq!((receipt.delivered.len(), kept >= 1), (2, true), "{at:?}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_once_is_tried_again() {
    for at in [Stage::Greeting, Stage::Mail, Stage::Recipient, Stage::Data, Stage::Kept] {
        let (result, kept) = sent([Fault::always(at, Act::Drop).times(1)]).await;
        assert_eq!((result.unwrap().tries, kept), (2, 1), "{at:?}");
    }
}

#[tokio::test]
async fn a_server_that_stays_busy_is_given_up() {
    let (result, kept) = sent([Fault::always(Stage::Data, answer(451, "4.3.0 later"))]).await;
    let error = result.unwrap_err();
    assert!(
        matches!(&error, Error::Busy { during: Step::HandingOver, said, .. } if said == "451 4.3.0 later"),
        "{error:?}"
    );
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_refused_recipient_is_named_and_the_others_get_the_mail() {
    let refusal = Fault::always(Stage::Recipient, answer(550, "5.1.1 no such user")).only_for("bob@x.example");
    let (result, kept) = sent([refusal]).await;
    let error = result.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the mail reached ann@x.example; the server refused bob@x.example (550 5.1.1 no such user)"
    );
    assert_eq!(error.hint(), "correct or remove the refused recipients, then send to them only");
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn when_everybody_is_refused_nothing_is_handed_over() {
    let (result, kept) = sent([Fault::always(Stage::Recipient, answer(550, "5.7.1 no relay"))]).await;
    assert!(matches!(result, Err(Error::Refused { delivered, refused }) if delivered.is_empty() && refused.len() == 2));
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn somebody_who_is_put_off_gets_the_mail_later_and_nobody_gets_it_twice() {
    let later = Fault::always(Stage::Recipient, answer(450, "4.2.1 grey list")).only_for("bob@x.example").times(1);
    let post = Post::new([later]).await;
    let receipt = send(&post.server(), &letter(&["ann@x.example", "bob@x.example"])).await.unwrap();
    assert_eq!((receipt.tries, receipt.delivered.len()), (2, 2));
    let to: Vec<_> =
        post.mails().iter().map(|mail| String::from_utf8_lossy(mail).matches("Delivered-To:").count()).collect();
    assert_eq!(to, [1, 1]);
    post.sink.stop().await;
}

#[tokio::test]
async fn somebody_who_stays_put_off_is_missing() {
    let later = Fault::always(Stage::Recipient, answer(450, "4.2.1 grey list")).only_for("bob@x.example");
    let (result, kept) = sent([later]).await;
    let error = result.unwrap_err();
    assert_eq!(error.to_string(), "the mail reached ann@x.example, but not bob@x.example");
    assert!(matches!(error, Error::Partly { source, .. } if matches!(*source, Error::Busy { .. })));
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_server_that_refuses_the_mail_is_not_asked_again() {
    let once = Fault::always(Stage::Kept, answer(554, "5.7.1 looks like spam")).times(1);
    let (result, kept) = sent([once]).await;
    let error = result.unwrap_err();
    assert!(
        matches!(&error, Error::Rejected { during: Step::HandingOver, said, .. } if said == "554 5.7.1 looks like spam")
    );
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_silent_server_is_left() {
    for at in [Stage::Greeting, Stage::Recipient, Stage::Kept] {
        let post = Post::new([Fault::always(at, Act::Hang)]).await;
        let server = Server { timeout_ms: 300, tries: 1, ..post.server() };
        let error = send(&server, &letter(&["ann@x.example"])).await.unwrap_err();
        assert!(matches!(error, Error::TimedOut { after_ms: 300, .. }), "{at:?}: {error:?}");
        assert!(post.mails().is_empty());
        post.sink.stop().await;
    }
}

#[tokio::test]
async fn a_login_is_given_and_its_refusal_names_the_account() {
    let login = Login { user: "reports".to_owned(), password: Secret::new("hunter2") };
    let post = Post::new([]).await;
    let server = Server { login: Some(login.clone()), ..post.server() };
    assert_eq!(send(&server, &letter(&["ann@x.example"])).await.unwrap().delivered.len(), 1);
    post.sink.stop().await;
    let post = Post::new([Fault::always(Stage::Auth, answer(535, "5.7.8 wrong password"))]).await;
    let server = Server { login: Some(login), ..post.server() };
    let error = send(&server, &letter(&["ann@x.example"])).await.unwrap_err();
    assert!(
        matches!(&error, Error::Login { user, said, .. } if user == "reports" && said == "535 5.7.8 wrong password")
    );
    assert!(!format!("{error:?} {error} {server:?}").contains("hunter2"));
    assert!(post.mails().is_empty());
    post.sink.stop().await;
}

#[tokio::test]
async fn a_password_does_not_cross_a_network_in_the_clear() {
    let login = Some(Login { user: "reports".to_owned(), password: Secret::new("hunter2") });
    let server = Server { login, ..Server::at("mail.ours.example", 25, Security::Plain) };
    let error = send(&server, &letter(&["ann@x.example"])).await.unwrap_err();
    assert!(matches!(error, Error::Exposed { .. }));
}

#[tokio::test]
async fn nobody_listens() {
    let post = Post::new([]).await;
    let server = post.server();
    post.sink.stop().await;
    let error = send(&server, &letter(&["ann@x.example"])).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(error.hint(), "check host, port and firewall; nothing was sent");
}

#[tokio::test]
async fn encryption_that_is_asked_for_is_not_done_without() {
    for security in [Security::StartTls, Security::Tls] {
        let post = Post::new([]).await;
        let server = Server { security, ..post.server() };
        let error = send(&server, &letter(&["ann@x.example"])).await.unwrap_err();
        assert!(matches!(error, Error::Tls { .. }), "{security:?}: {error:?}");
        assert!(post.mails().is_empty());
        post.sink.stop().await;
    }
}

#[test]
fn what_is_no_address_is_named() {
    let to = ["ann at x".to_owned()];
    let error = Letter::of(&campaigns::agrees(), &occasion(), "a@b.example", &to, "1").unwrap_err();
    assert_eq!(error.to_string(), "`ann at x` is no mail address");
    assert!(matches!(Letter::of(&campaigns::agrees(), &occasion(), "a@b.example", &[], "1"), Err(Error::Compose(_))));
}

#[test]
fn the_mail_stays_below_the_size_at_which_it_is_cut_off_and_hostile_text_stays_text() {
    let (report, occasion) = campaigns::hostile();
    let to = ["ann@x.example".to_owned()];
    let letter = Letter::of(&report, &occasion, "a@b.example", &to, "1").unwrap();
    let mail = MessageParser::default().parse(letter.bytes()).unwrap();
    let html = mail.body_html(0).unwrap();
    assert!(html.len() < 100_000, "{}", html.len());
    assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("onmouseover='"));
    assert!(html.contains("&#60;script&#62;"));
    let subject = mail.subject().unwrap();
    assert!(subject.starts_with("[differs] ") && !subject.contains(['\r', '\n', '\u{202e}']), "{subject}");
    assert_eq!(mail.header_raw("Subject").into_iter().count(), 1);
}

#[test]
fn a_server_is_configured_by_few_words() {
    let text =
        r#"{"host":"mail.ours.example","port":587,"security":"starttls","login":{"user":"a","password":"hunter2"}}"#;
    let server: Server = serde_json::from_str(text).unwrap();
    assert_eq!(server.login.as_ref().unwrap().password, Secret::new("hunter2"));
    assert_eq!((server.tries, server.timeout_ms, server.address().as_str()), (3, 30_000, "mail.ours.example:587"));
    assert!(serde_json::from_str::<Server>(r#"{"host":"a","port":1,"security":"none"}"#).is_err());
}
