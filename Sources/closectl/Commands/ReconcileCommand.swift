import ArgumentParser
import Billing
import Operations

struct ReconcileCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile",
    abstract: "After a restore: copy the gateway's charges for a period into the ledger.",
    discussion: """
      Lists every charge at the gateway that names an invoice of the period but has no attempt in \
      the ledger, because a backup was restored or somebody charged by hand. Changes nothing \
      without --apply. With it, each charge is recorded; the charger credits it to its invoice, \
      now or once the invoice is issued, and charges only what is still open.

      Exits 1 while something is open, 0 when there is nothing to do.

      Example:
        closectl reconcile 2026-11
        closectl reconcile 2026-11 --apply --reason "restored the backup of 30 November"
        closectl reconcile 2026-11 --foreign ch_1 --reason "another company's"
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Flag(help: "Record the charges that were found.")
  var apply = false
  @Option(
    help: ArgumentHelp(
      "Set this charge aside as not belonging to this ledger. Repeatable.", valueName: "id"))
  var foreign: [String] = []
  @Option(help: ArgumentHelp("The reason, for the record.", valueName: "text"))
  var reason: String?
  @OptionGroup var who: OperatorOption
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard apply || !foreign.isEmpty else {
      if reason != nil { throw ValidationError("--reason needs --apply or --foreign") }
      return
    }
    guard let reason, reason.contains(where: { !$0.isWhitespace }), reason.utf8.count <= 500,
      !reason.unicodeScalars.contains(where: \.isControl)
    else {
      throw ValidationError("--reason TEXT is required: 1 to 500 bytes, recorded with each charge")
    }
  }

  func perform(in session: Session) async throws -> CommandOutput {
    if !apply && foreign.isEmpty { await session.readOnly() }
    let period = try named.period(at: session.clock.now())
    let store = try await session.store()
    let gateway = try await session.gateway()
    let reconciling = Reconciling(store: store, charges: gateway.list, clock: session.clock)
    do {
      let result = try await carryOut(reconciling, period, try name(in: session))
      await gateway.shutdown()
      return result
    } catch {
      await gateway.shutdown()
      throw error
    }
  }

  private func carryOut(
    _ reconciling: Reconciling, _ period: Period, _ name: String
  ) async throws -> CommandOutput {
    var findings = try await reconciling.look(period)
    var setAside: [String] = []
    for id in Set(foreign).sorted() {
      guard let item = findings.items.first(where: { $0.charge.id == id }) else {
        throw Problem("there is no open charge \(printable(id)) of \(period)")
      }
      try await reconciling.setAside(item.charge, by: name, reason: reason ?? "")
      setAside.append(id)
    }
    findings.items.removeAll { setAside.contains($0.charge.id) }
    if apply { try await reconciling.apply(findings.items, by: name, reason: reason ?? "") }
    return ReconcileDocument(period, findings, isApplied: apply, setAside: setAside).output
  }

  private func name(in session: Session) throws -> String {
    apply || !foreign.isEmpty ? try who.name(in: session) : ""
  }
}

struct ReconcileDocument: Encodable {
  struct Item: Encodable {
    var charge: String
    var payment: Known<String>
    var invoice: String
    var attempt: Known<Int>
    var amount: Int64
    var currency: String
    var state: String
    var refunded: Int64
    var madeAt: Known<String>
    var action: String
    var recorded: Bool
  }

  var period: String
  /// Charges at the gateway that name an invoice of the period.
  var compared: Int
  /// Still to be decided.
  var open: Int
  var taken: Int
  var setAside: [String]
  var applied: Bool
  var charges: [Item]

  init(
    _ period: Period, _ findings: Reconciling.Findings, isApplied: Bool, setAside: [String]
  ) {
    self.period = period.description
    compared = findings.compared
    applied = isApplied
    self.setAside = setAside
    charges = findings.items.map { item in
      let charge = item.charge
      return Item(
        charge: charge.id, payment: Known(charge.payment), invoice: charge.invoice ?? "",
        attempt: Known(charge.attempt), amount: charge.amountMinor, currency: charge.currency,
        state: charge.state.rawValue, refunded: charge.refundedMinor,
        madeAt: Known(charge.createdAt?.rfc3339), action: item.action.rawValue,
        recorded: isApplied && item.isRecorded)
    }
    taken = charges.count { $0.recorded }
    open = charges.count - taken
  }

  private static let shown = 50

  var output: CommandOutput {
    CommandOutput(self, text: lines + [sentence], status: open == 0 ? .done : .problem)
  }

  private var lines: [String] {
    if charges.isEmpty { return [] }
    var table = Table([
      .init("invoice"), .init("attempt", .right), .init("payment"), .init("charge"),
      .init("amount", .right), .init("state"), .init("made at"), .init(applied ? "done" : "would"),
    ])
    for item in charges.prefix(Self.shown) {
      table.add(
        item.invoice, item.attempt.value.map { "\($0)" } ?? "-", item.payment.value ?? "-",
        item.charge, money(item.amount, item.currency), item.state, item.madeAt.value ?? "-",
        item.action)
    }
    let rest = charges.count - Self.shown
    return table.lines() + (rest > 0 ? ["… and \(grouped(rest)) more (--json lists all)"] : [])
  }

  private var sentence: String {
    let aside = setAside.isEmpty ? "" : ", \(setAside.count) set aside"
    if charges.isEmpty {
      return "\(grouped(compared)) charges of \(period) at the gateway, "
        + "nothing to record\(aside)"
    }
    if applied {
      return "\(grouped(taken)) charges recorded, \(grouped(open)) left open\(aside)"
    }
    return "\(grouped(open)) of \(grouped(compared)) charges are not in the ledger\(aside); "
      + "record them with: closectl reconcile \(period) --apply --reason TEXT"
  }
}
