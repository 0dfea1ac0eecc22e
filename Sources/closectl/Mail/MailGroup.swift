import ArgumentParser
import Billing
import Ledger

struct MailGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mail",
    abstract: "Show the state of mails, and resend those that were not delivered.",
    subcommands: [MailList.self, MailResendCommand.self])
}

/// Which of a month's mails are meant.
struct MailChoice: ParsableArguments {
  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod?
  @Option(help: ArgumentHelp("Only mails of this account.", valueName: "id"))
  var account: String?
  @Option(
    help: ArgumentHelp(
      "Only this kind: invoice, receipt, declined, held or released.", valueName: "kind"))
  var kind: MailKind?

  func question(in session: Session) throws -> MailQuestion {
    MailQuestion(
      period: try named?.period(at: session.clock.now()), account: account, kind: kind)
  }
}

extension MailKind: ExpressibleByArgument {}

/// The state of a mail, in an operator's words.
enum MailOutcome: String, CaseIterable, ExpressibleByArgument {
  /// Started, and retried until the mail server accepts it.
  case waiting
  case sent
  /// Not sent, because it no longer applied.
  case suppressed
  /// Refused, or given up.
  case undelivered

  var state: MailRecord.State {
    switch self {
    case .waiting: .intended
    case .sent: .sent
    case .suppressed: .suppressed
    case .undelivered: .refused
    }
  }

  init(_ state: MailRecord.State) {
    switch state {
    case .intended: self = .waiting
    case .sent: self = .sent
    case .suppressed: self = .suppressed
    case .refused: self = .undelivered
    }
  }
}

struct MailList: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List each mail of a month with its state.",
    discussion: """
      waiting: retried until the mail server accepts it. undelivered: refused because of its \
      recipient, or given up. suppressed: not sent, because it no longer applied.

      Example:
        closectl mail list 2026-11 --state undelivered
      """)
  @OptionGroup var choice: MailChoice
  @Option(
    help: ArgumentHelp(
      "Only this state: waiting, sent, suppressed or undelivered.", valueName: "state"))
  var state: MailOutcome?
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if choice.named == nil { throw ValidationError("name a month: closectl mail list 2026-11") }
  }

  func perform(in session: Session) async throws -> CommandOutput {
    var question = try choice.question(in: session)
    question.state = state?.state
    let found = try await session.store().mailList(question)
    let period = question.period.map { "\($0)" } ?? ""
    return CommandOutput(
      MailDocument(found.map { ($0, nil) }),
      text: found.isEmpty
        ? ["no such mail for \(period)"] : found.map(\.line) + [counted(found.count, "mail")])
  }
}

struct MailDocument: Encodable {
  struct Item: Encodable {
    var id: String
    var account: String
    var kind: String
    var period: String?
    var state: String
    var reason: String?
    /// The recipient may already have it from an earlier sending.
    var perhapsDelivered: Bool
    var outcome: String?

    init(_ mail: MailRecord, _ outcome: String? = nil) {
      id = mail.about
      account = mail.account
      kind = mail.kind.rawValue
      period = mail.period?.description
      state = MailOutcome(mail.state).rawValue
      reason = mail.reason
      perhapsDelivered = mail.state == .sent || mail.isPerhapsSent
      self.outcome = outcome
    }
  }
  var mails: [Item]

  init(_ mails: [(MailRecord, String?)]) { self.mails = mails.map(Item.init) }
}

extension MailRecord {
  /// `undelivered  invoice  meter-7  invoice.issued:2026-11/meter-7  550 5.1.1 to RCPT`
  var line: String {
    [
      MailOutcome(state).rawValue, kind.rawValue, printable(account), printable(about),
      reason.map(printable),
    ].compactMap { $0 }.joined(separator: "  ")
  }
}

func counted(_ count: Int, _ what: String) -> String {
  "\(grouped(count)) \(what)\(count == 1 ? "" : "s")"
}
