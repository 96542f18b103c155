use std::net::SocketAddr;

use reports::sink::{Error, Faults, Sink};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

fn anywhere() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Says lines, one at a time, and gives the codes of the answers; those to `EHLO` have several lines.
async fn talk(sink: &Sink, lines: &[&str]) -> String {
    let mut stream = BufReader::new(TcpStream::connect(sink.address()).await.unwrap());
    let mut codes = vec![answer(&mut stream).await];
    for line in lines {
        stream.write_all(line.as_bytes()).await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
        codes.push(answer(&mut stream).await);
    }
    codes.join(" ")
}

async fn answer(stream: &mut BufReader<TcpStream>) -> String {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return "gone".to_owned();
        }
        if line.as_bytes()[3] == b' ' {
            return line[..3].to_owned();
        }
    }
}

#[tokio::test]
async fn a_mail_is_kept_with_its_envelope_and_without_stuffed_dots() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(anywhere(), folder.path(), Faults::none()).await.unwrap();
    let mail = "Subject: dots\r\n\r\n..\r\n..two\r\nlast\r\n.";
    let codes =
        talk(&sink, &["EHLO me", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA", mail, "QUIT"]).await;
    assert_eq!(codes, "220 250 250 250 250 354 250 221");
    let mails = sink.folder().mails().unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        std::fs::read_to_string(&mails[0]).unwrap(),
        "Return-Path: <a@b>\r\nDelivered-To: c@d\r\nDelivered-To: e@f\r\nSubject: dots\r\n\r\n.\r\n.two\r\nlast\r\n"
    );
    sink.stop().await;
}

#[tokio::test]
async fn numbering_goes_on_behind_what_is_there_and_nothing_half_written_is_left() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let sink = Sink::start(anywhere(), folder.path(), Faults::none()).await.unwrap();
        talk(&sink, &["EHLO me", "MAIL FROM:<>", "RCPT TO:<c@d>", "DATA", "x: y\r\n\r\nz\r\n."]).await;
        sink.stop().await;
    }
    let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["000001.eml", "000002.eml", "000003.eml"]);
}

#[tokio::test]
async fn an_endless_line_ends_the_conversation() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(anywhere(), folder.path(), Faults::none()).await.unwrap();
    assert_eq!(talk(&sink, &["EHLO me", &"x".repeat(10_000)]).await, "220 250 gone");
    sink.stop().await;
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_refused_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(anywhere(), folder.path(), Faults::none()).await.unwrap();
    let mut stream = BufReader::new(TcpStream::connect(sink.address()).await.unwrap());
    answer(&mut stream).await;
    for line in ["MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n", "DATA\r\n"] {
        stream.write_all(line.as_bytes()).await.unwrap();
        answer(&mut stream).await;
    }
    // Exactly the bound, so that everything is read before the answer and the connection ends in order.
    let line = format!("{}\r\n", "x".repeat(1_022));
    for _ in 0..25 * 1024 {
        stream.write_all(line.as_bytes()).await.unwrap();
    }
    stream.write_all(b".\r\n").await.unwrap();
    assert!(matches!(answer(&mut stream).await.as_str(), "552" | "gone"));
    assert!(sink.folder().mails().unwrap().is_empty());
    sink.stop().await;
}

#[tokio::test]
async fn an_address_in_use_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(anywhere(), folder.path(), Faults::none()).await.unwrap();
    let second = Sink::start(sink.address(), folder.path(), Faults::none()).await;
    assert!(matches!(second, Err(Error::Listen { address, .. }) if address == sink.address()));
    sink.stop().await;
}
