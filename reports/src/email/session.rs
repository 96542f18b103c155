//! One conversation with a mail server: it says exactly who was taken, put off and refused.

use std::future::Future;

use lettre::{
    Address,
    transport::smtp::{
        self,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailParameter},
    },
};
use tokio::time::timeout;

use super::{Error, Letter, Login, Refusal, Security, Server, Step};

/// How one conversation went.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    /// Whom the server has taken the mail for.
    pub(super) taken: Vec<Address>,
    /// Whom it may take it for later, and what it said.
    pub(super) put_off: Vec<(Address, String)>,
    /// Whom it never will.
    pub(super) refused: Vec<Refusal>,
}

/// A connection that is ready for a mail.
struct Session<'a> {
    server: &'a Server,
    connection: AsyncSmtpConnection,
}

/// Hands over a letter for these recipients, as far as the server takes them.
///
/// An error means that nobody got anything, except at [`Step::HandingOver`]: there the server may have kept the mail and its answer
/// was lost. A further try then carries the same Message-ID, by which readers drop the second copy.
pub(super) async fn deliver(server: &Server, letter: &Letter, to: &[Address]) -> Result<Delivery, Error> {
    let mut session = Session::open(server).await?;
    let delivery = session.hand_over(letter, to).await;
    // The mail is delivered or not, whatever becomes of the farewell.
    let _ = timeout(server.timeout(), session.connection.abort()).await;
    delivery
}

impl<'a> Session<'a> {
    async fn open(server: &'a Server) -> Result<Self, Error> {
        if server.exposes_password() {
            return Err(Error::Exposed { server: server.address() });
        }
        let name = ClientId::default();
        let tls = (server.security == Security::Tls).then(|| tls_parameters(server)).transpose()?;
        let address = (server.host.as_str(), server.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(address, Some(server.timeout()), &name, tls, None);
        let connection = answer(server, Step::Connecting, connecting).await?;
        let mut session = Self { server, connection };
        if server.security == Security::StartTls {
            let starting = session.connection.starttls(tls_parameters(server)?, &name);
            answer(server, Step::StartingTls, starting).await?;
        }
        if let Some(login) = &server.login {
            session.log_in(login).await?;
        }
        Ok(session)
    }

    async fn log_in(&mut self, login: &Login) -> Result<(), Error> {
        let credentials = Credentials::new(login.user.clone(), login.password.expose().to_owned());
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        let logging_in = self.connection.auth(&mechanisms, &credentials);
        match answer(self.server, Step::LoggingIn, logging_in).await {
            Ok(_) => Ok(()),
            Err(Error::Rejected { server, said, .. }) => Err(Error::Login { server, user: login.user.clone(), said }),
            Err(Error::BrokeOff { server, source, .. }) if source.is_client() => {
                let said = "it offers no way to log in that we know".to_owned();
                Err(Error::Login { server, user: login.user.clone(), said })
            }
            Err(error) => Err(error),
        }
    }

    async fn hand_over(&mut self, letter: &Letter, to: &[Address]) -> Result<Delivery, Error> {
        let sender = Mail::new(Some(letter.from.email.clone()), self.mail_parameters(letter, to)?);
        answer(self.server, Step::NamingSender, self.connection.command(sender)).await?;
        let mut delivery = Delivery::default();
        for recipient in to {
            let naming = self.connection.command(Rcpt::new(recipient.clone(), Vec::new()));
            match answer(self.server, Step::NamingRecipient, naming).await {
                Ok(_) => delivery.taken.push(recipient.clone()),
                Err(Error::Rejected { said, .. }) => {
                    delivery.refused.push(Refusal { recipient: recipient.to_string(), said });
                }
                Err(Error::Busy { said, .. }) => delivery.put_off.push((recipient.clone(), said)),
                Err(error) => return Err(error),
            }
        }
        if !delivery.taken.is_empty() {
            answer(self.server, Step::HandingOver, self.connection.command(Data)).await?;
            answer(self.server, Step::HandingOver, self.connection.message(&letter.bytes)).await?;
        }
        Ok(delivery)
    }

    fn mail_parameters(&self, letter: &Letter, to: &[Address]) -> Result<Vec<MailParameter>, Error> {
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        if is_ascii(&letter.from.email) && to.iter().all(is_ascii) {
            return Ok(Vec::new());
        }
        if self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Ok(vec![MailParameter::SmtpUtfEight]);
        }
        let said = "it takes only addresses in ASCII".to_owned();
        Err(Error::Rejected { server: self.server.address(), during: Step::NamingSender, said })
    }
}

/// The server's answer in time, or why there is none.
async fn answer<T>(
    server: &Server,
    during: Step,
    asked: impl Future<Output = Result<T, smtp::Error>>,
) -> Result<T, Error> {
    match timeout(server.timeout(), asked).await {
        Ok(answer) => answer.map_err(|source| Error::at(during, &server.address(), source)),
        Err(_) => Err(Error::TimedOut { server: server.address(), during, after_ms: server.timeout_ms }),
    }
}

fn tls_parameters(server: &Server) -> Result<TlsParameters, Error> {
    let failed = |source| Error::Tls { server: server.address(), source };
    let mut builder = TlsParameters::builder(server.host.clone());
    if let Some(pem) = &server.authority_pem {
        builder = builder.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(failed)?);
    }
    builder.build_rustls().map_err(failed)
}
