import ArgumentParser
import Billing
import Ledger
import Operations

struct MailResendCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "resend",
    abstract: "Resend mails that were refused or given up.",
    discussion: """
      Each mail is decided again by the ledger's current state, and goes to the account's current \
      address under its original Message-ID. A delivered mail is sent again only with \
      --also-delivered. Who asked for it and why is recorded with the account (closectl explain).

      Example:
        closectl mail resend 2026-11 --dry-run
        closectl mail resend 2026-11 --reason "relay allows us again, ticket 4711"
        closectl mail resend --ids invoice.issued:2026-11/meter-7 --reason "new address"
      """)
  @OptionGroup var choice: MailChoice
  @Option(
    help: ArgumentHelp(
      "These mails, separated by commas, as `mail list` names them.", valueName: "ids"))
  var ids: String?
  @Flag(help: "Include delivered mails; their recipients will get them twice.")
  var alsoDelivered = false
  @Option(help: ArgumentHelp("The reason, for the record.", valueName: "text"))
  var reason: String?
  @OptionGroup var who: OperatorOption
  @Flag(help: "Show what would be done; write nothing.")
  var dryRun = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if choice.named == nil && ids == nil {
      throw ValidationError("choose the mails: a month, or --ids")
    }
    if alsoDelivered && ids == nil {
      throw ValidationError("--also-delivered needs --ids: name the mails to send twice")
    }
    if let reason {
      try checkPlainText(reason, of: "--reason")
    } else if !dryRun {
      throw ValidationError("--reason TEXT is required: it is recorded with every account")
    }
  }

  func perform(in session: Session) async throws -> CommandOutput {
    let store = try await session.store()
    let found = try await chosen(store, try choice.question(in: session))
    let objections = found.map { MailResend.objection(to: $0, alsoDelivered: alsoDelivered) }
    guard !dryRun, let reason else {
      return output(zip(found, objections).map { ($0, $1) }, done: "would be sent again")
    }
    let broker = await session.brokerIfReachable(
      otherwise: "the order is recorded anyway; the holder publishes it")
    let resend = MailResend(
      store: store, broker: broker, clock: session.clock, logger: session.logger)
    let order = MailResend.Order(
      operatorName: try who.name(in: session), reason: reason, alsoDelivered: alsoDelivered)
    var done: [(MailRecord, String?)] = []
    for mail in found { done.append((mail, try await resend.resend(mail, order))) }
    return output(done, done: "handed to the mailer")
  }

  /// For a month, those that were not delivered; by id, whatever was asked for.
  private func chosen(
    _ store: LedgerStore, _ asked: MailQuestion
  ) async throws -> [MailRecord] {
    var question = asked
    guard let ids else {
      question.state = .refused
      return try await store.mailList(question)
    }
    let wanted = ids.split(separator: ",").map(String.init)
    question.abouts = wanted
    let found = try await store.mailList(question)
    let missing = Set(wanted).subtracting(found.map(\.about)).sorted()
    if !missing.isEmpty {
      throw Problem(
        "there is no mail \(printable(missing.joined(separator: ", "))); nothing was done")
    }
    return found
  }

  private func output(_ mails: [(MailRecord, String?)], done: String) -> CommandOutput {
    let left = mails.filter { $0.1 != nil }
    let taken = mails.filter { $0.1 == nil }.map(\.0)
    let twice = taken.count { $0.state == .sent || $0.isPerhapsSent }
    var text = left.map { "\(printable($0.0.about)): not sent again, \($0.1 ?? "")" }
    if dryRun { text += taken.map(\.line) }
    text.append("\(counted(taken.count, "mail")) \(done)")
    if twice > 0 {
      text.append("\(counted(twice, "mail")) of them may arrive twice, under the same Message-ID")
    }
    return CommandOutput(
      MailDocument(mails.map { ($0, $1 ?? done) }), text: text,
      status: left.isEmpty ? .done : .problem)
  }
}
