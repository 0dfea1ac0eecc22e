import ArgumentParser
import Billing
import Broker
import Ledger
import Operations
import Services

struct DeadShow: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one dead letter: why it failed, its snapshot, and what the ledger says now.",
    discussion: """
      Example:
        closectl dead show 3f9ac2d10b7e
      """)

  @Argument(help: "As `closectl dead list` shows it.", transform: parseLetterID)
  var id: String
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> CommandOutput {
    let broker = try await session.deadBroker()
    let reader = DeadLetterReader(broker: broker, clock: session.clock)
    guard let (letter, copies) = try await reader.find(id) else {
      throw Problem("there is no dead letter \(id)")
    }
    let store = try await session.store()
    let judge = DeadLetterClassifier(
      store: store, clock: session.clock, monthsBack: session.settings.monthsBack)
    let classification = try await judge.classifications(of: [letter])[0]
    let records = try await store.deadLetterRecords(letter: id, messageID: letter.messageID)
    let comparison = try await Comparison(letter, store, at: session.clock.now())
    let document = ShownLetter(letter, copies, classification, comparison, records)
    return CommandOutput(document, text: document.lines(style: session.output.style))
  }
}

func parseLetterID(_ text: String) throws -> String {
  let ids = try parseLetterIDs(text)
  guard ids.count == 1, let id = ids.first else { throw ValidationError("expected one id") }
  return id
}

/// What a message's snapshot believed beside what the ledger says now, field by field.
struct Comparison: Encodable {
  struct Field: Encodable, Equatable {
    var field: String
    var believed: String
    var ledger: String
    var differs: Bool
  }

  var fields: [Field] = []
  /// Why there is nothing to compare.
  var absent: String?

  init(_ letter: DeadLetter, _ store: LedgerStore, at now: Instant) async throws {
    let event: Event
    do { event = try letter.event() } catch {
      absent = "the body cannot be read: \(error)"
      return
    }
    guard let believed = event.data.snapshot else {
      absent = "the message carries no snapshot"
      return
    }
    let key = FactKey(account: believed.account, invoice: believed.invoice?.id)
    let facts = try await store.facts(for: [key])[0]
    fields = Self.fields(believed, facts?.snapshot(at: now))
  }

  static func fields(_ believed: Snapshot, _ ledger: Snapshot?) -> [Field] {
    let pairs = zip(texts(believed), ledger.map(texts) ?? texts(believed).map { ($0.0, "unknown") })
    return pairs.map { believed, ledger in
      Field(
        field: believed.0, believed: believed.1, ledger: ledger.1,
        differs: believed.1 != ledger.1)
    }
  }

  private static func texts(_ snapshot: Snapshot) -> [(String, String)] {
    let code = snapshot.currency.code
    let invoice = snapshot.invoice
    return [
      ("account", snapshot.account), ("position", "\(snapshot.position)"), ("currency", code),
      ("balance", plainMoney(snapshot.balance, code)), ("hold", snapshot.hold ? "yes" : "no"),
      ("collection", snapshot.collection.rawValue), ("invoice", invoice?.id ?? "none"),
      ("invoice total", invoice.map { plainMoney($0.total, code) } ?? "none"),
      ("invoice open", invoice.map { plainMoney($0.open, code) } ?? "none"),
      ("invoice status", invoice?.status.rawValue ?? "none"),
    ]
  }
}
