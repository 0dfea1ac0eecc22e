import ArgumentParser
import Billing
import Ledger
import Operations
import Services

struct ParkedGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parked",
    abstract: "Show accounts waiting for a person, and have them charged again.",
    subcommands: [ParkedList.self, ParkedRetryCommand.self])
}

/// Which of a close's parked accounts are meant.
struct ParkedChoice: ParsableArguments {
  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Option(help: ArgumentHelp("Only this account.", valueName: "id"))
  var account: String?
  @Option(
    help: ArgumentHelp(
      "Only accounts parked by this rule, as `parked list` names it.", valueName: "rule"))
  var rule: String?

  func accounts(_ store: LedgerStore, _ period: Period) async throws -> [ParkedAccount] {
    try await store.parked(period, limit: .max).filter {
      (account == nil || $0.account == account) && (rule == nil || $0.rule == rule)
    }
  }
}

struct ParkedList: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the parked accounts of a close, with rule and reason.",
    discussion: """
      Example:
        closectl parked list 2026-11
      """)
  @OptionGroup var choice: ParkedChoice
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> CommandOutput {
    let period = try choice.named.period(at: session.clock.now())
    let found = try await choice.accounts(try await session.store(), period)
    return CommandOutput(
      ParkedDocument(period, found.map { ($0, nil) }),
      text: found.isEmpty ? ["no account of \(period) is parked"] : found.map(\.line))
  }
}

struct ParkedRetryCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Have the charger check the gateway, then charge what is open.",
    discussion: """
      An attempt with an uncertain outcome is first looked up at the gateway. A new attempt is \
      made only if the earlier one is known not to have been made. Who asked for it and why is \
      recorded with the account (closectl explain).

      Example:
        closectl parked retry 2026-11 --rule charge.gateway-implausible --dry-run
        closectl parked retry 2026-11 --account meter-7 --reason "card corrected, ticket 4711"
      """)
  @OptionGroup var choice: ParkedChoice
  @Option(help: ArgumentHelp("The reason, for the record.", valueName: "text"))
  var reason: String?
  @OptionGroup var who: OperatorOption
  @Flag(help: "Show what would be done; write nothing.")
  var dryRun = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard let reason else {
      if dryRun { return }
      throw ValidationError("--reason TEXT is required: it is recorded with every account")
    }
    guard reason.utf8.count <= 500, !reason.unicodeScalars.contains(where: \.isControl),
      reason.unicodeScalars.contains(where: { !$0.properties.isWhitespace })
    else { throw ValidationError("--reason must be 1 to 500 bytes of plain text") }
  }

  func perform(in session: Session) async throws -> CommandOutput {
    let store = try await session.store()
    let period = try choice.named.period(at: session.clock.now())
    let found = try await choice.accounts(store, period)
    if found.isEmpty { throw Problem("no matching account of \(period) is parked") }
    guard !dryRun, let reason else {
      return CommandOutput(
        ParkedDocument(period, found.map { ($0, "would be retried") }),
        text: found.map(\.line) + ["\(found.count) would be retried"])
    }
    let name = try who.name(in: session)
    let retry = ParkedRetry(store: store, clock: session.clock)
    var done: [(ParkedAccount, String?)] = []
    for account in found {
      let outcome = try await retry.retry(
        account, ParkedRetry.Order(operatorName: name, reason: reason))
      done.append((account, outcome.word))
    }
    let refused = done.filter { $0.1 != ParkedRetry.Outcome.scheduled.word }
    return CommandOutput(
      ParkedDocument(period, done),
      text: refused.map { "\(printable($0.0.account)): \($0.1 ?? "")" }
        + ["\(done.count - refused.count) scheduled; the charger starts them within seconds"],
      status: refused.isEmpty ? .done : .problem)
  }
}

private struct ParkedDocument: Encodable {
  struct Item: Encodable {
    var account: String
    var invoice: String?
    var rule: String
    var why: String
    var at: String?
    var outcome: String?
  }
  var period: String
  var parked: [Item]

  init(_ period: Period, _ accounts: [(ParkedAccount, String?)]) {
    self.period = period.description
    parked = accounts.map { account, outcome in
      Item(
        account: account.account, invoice: account.invoice, rule: account.rule, why: account.why,
        at: account.at?.rfc3339, outcome: outcome)
    }
  }
}

extension ParkedAccount {
  fileprivate var line: String { "\(printable(account))  \(rule)  \(inText(printable(why)))" }
}

extension ParkedRetry.Outcome {
  fileprivate var word: String {
    switch self {
    case .scheduled: "scheduled"
    case .refused(let why): "refused: \(why)"
    }
  }
}
