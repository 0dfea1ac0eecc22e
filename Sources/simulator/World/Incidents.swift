import Billing
import Broker
import Ledger
import Operations
import Services

/// What is planned for certain moments of a bout of faults.
extension Simulation {
  func planIncidents(within milliseconds: Int64) {
    for kind in faults.plan {
      let at = Int64(draw(1...Int(milliseconds)))
      executor.start { [self] in
        await timeline.sleep(milliseconds: at)
        if faults.isOn { await happen(kind) }
      }
    }
  }

  private func happen(_ kind: SimulatedFault) async {
    switch kind {
    case .frozen where gateway.ignoresKeys:
      // Stopped between its look and its call for longer than anybody waits: docs/limits.md.
      break
    case .killed, .frozen, .clockJump, .connectionLost: strikeProcess(kind)
    case .payment, .credit, .repeatedCommand:
      faults.hit(kind)
      await receive(kind, from: "a-\(draw(1...options.accounts))")
    case .secondTrigger:
      hit(kind)
      await trigger(id: "close-2026-11-again-\(draw(1...9))")
    case .lateUsage: await importLate()
    case .lateAccount: await importLateAccount()
    case .wrongMonth:
      let month = pick(Self.wrongMonths)
      hit(kind, "\(month)")
      await trigger(month, id: "\(Self.wrong)\(month)")
    case .junk: await publishJunk()
    case .forged: await publishForged()
    case .byHand: payByHand()
    case .duplicated:
      let queue = pick(MonthClose.services).rawValue
      broker.duplicateNextDelivery(of: queue)
      hit(kind, queue)
    default: await strikeOutside(kind)
    }
  }

  private func hit(_ kind: SimulatedFault, _ detail: String = "") {
    faults.hit(kind)
    note("", "\(kind.rawValue)\(detail.isEmpty ? "" : ": \(detail)")")
  }

  // MARK: Processes

  private func strikeProcess(_ kind: SimulatedFault) {
    guard !processes.isEmpty else { return }
    let process = pick(processes)
    hit(kind, process.name)
    switch kind {
    case .killed: process.crash("by SIGKILL")
    case .frozen:
      process.frozenUntil = timeline.now + Int64(draw(1000...600_000))
      // Its heartbeats stay away: the broker gives its messages to another process.
      executor.start { [self] in
        await timeline.sleep(milliseconds: Int64(draw(1...20_000)))
        process.broker.loseOwnConnections()
        if process.isAlive { startProcess(process.service) }
      }
    case .clockJump:
      process.clockOffset = Int64(
        draw(-Int(Self.largestClockOffset)...Int(Self.largestClockOffset)))
    default: process.broker.loseOwnConnections()
    }
  }

  // MARK: The world outside

  private func strikeOutside(_ kind: SimulatedFault) async {
    hit(kind)
    switch kind {
    case .brokerAway:
      broker.setReachable(false)
      await outage()
      broker.setReachable(true)
    case .brokerBlocked:
      broker.setBlocked("memory")
      await outage()
      broker.setBlocked(nil)
    case .bindingsGone:
      broker.unbindAll()
      await outage()
      while await !repairTopology(), faults.isOn { await timeline.sleep(milliseconds: 10_000) }
    case .mailDenied:
      // Often longer than a message can be tried again.
      post.refusesUntil = timeline.now + Int64(draw(1000...10_000_000))
    case .unauthorized:
      gatewayRefusesUntil = timeline.now + Int64(draw(1000...180_000))
    default: break
    }
  }

  private func publishJunk() async {
    let queue = pick(MonthClose.services).rawValue
    let message = OutgoingMessage(
      exchange: "", routingKey: queue, messageID: "\(Self.junk)\(draw(1...1_000_000))",
      contentType: MonthClose.contentType, body: Array("this is not JSON".utf8))
    if await broker.publish([message])[0] == .confirmed { hit(.junk, queue) }
  }

  static let junk = "junk-"
  static let wrong = "close-wrong-"

  /// Not over, not begun, of long ago, and of before the ledger's first.
  // Constants that are known to be good.
  // swift-format-ignore: NeverUseForceTry
  private static let wrongMonths = try! [
    "2026-12", "2027-06", "2099-01", "2026-10", "2025-11", "1999-01",
  ].map { try Period($0) }

  private func outage() async {
    await timeline.sleep(milliseconds: Int64(draw(1000...180_000)))
  }

  /// Whether it is whole again; a person tries until it is.
  @discardableResult
  func repairTopology() async -> Bool {
    do {
      _ = try await broker.apply(MonthClose.topology(retryDelays: settings.retryDelays))
      return true
    } catch {
      note("", "topology not repaired yet: \(error)")
      return false
    }
  }

  // MARK: People

  func trigger(
    _ period: Period = Simulation.period, id: String, late: Bool? = nil
  ) async {
    let event = Event(
      id: id, type: .closeRequested, source: "/cron", time: time,
      data: EventData(period: period, late: late))
    do {
      let outgoing = try event.outgoing()
      let message = OutgoingMessage(
        exchange: MonthClose.exchange, routingKey: outgoing.routingKey, messageID: outgoing.id,
        type: outgoing.type, contentType: MonthClose.contentType, body: outgoing.body)
      // As a person or a script would: until the broker has it.
      while await broker.publish([message])[0] != .confirmed {
        await timeline.sleep(milliseconds: 2000)
        if isPutAway { return }
      }
      note("operator", "starts the close: \(id)")
    } catch {
      fail("setup", "the trigger cannot be encoded: \(error)")
    }
  }

  /// Money or a credit comes in; the command is given again where it failed or was killed.
  func receive(_ kind: SimulatedFault, from account: String) async {
    let isCredit = kind == .credit
    let amount = Int64(pick([1, 50, 541, 5000, 54_050]))
    let reference = "ref-\(witness.incoming.count + 1)"
    note("", "\(kind.rawValue): \(account) \(amount)")
    witness.incoming[reference] = (account, isCredit ? .creditGrant : .payment, amount)
    for _ in 0..<(kind == .repeatedCommand ? 2 : 1) {
      await command(account, amount, reference, isCredit: isCredit)
    }
  }

  func command(
    _ account: String, _ amountMinor: Int64, _ reference: String, isCredit: Bool
  ) async {
    while !isPutAway {
      let process = SimulatedProcess(.closectl, number: 0, in: self)
      let operations = Operator(
        store: store.probed(by: LedgerPort(process: process)),
        broker: BrokerPort(process: process),
        clock: process.clock, logger: logger)
      do {
        let money = Money(amountMinor, try Currency("CHF"))
        let outcome =
          isCredit
          ? try await operations.grantCredit(account: account, amount: money, reference: reference)
          : try await operations.recordPayment(
            account: account, amount: money, reference: reference)
        return note("operator", "\(reference): \(outcome)")
      } catch {
        note("operator", "\(reference) failed, again: \(error)")
        await timeline.sleep(milliseconds: 3000)
      }
    }
  }

  /// Somebody takes the money of an invoice that was declined, and names it in the metadata.
  private func payByHand() {
    let open = witness.attempts.values.filter { attempt in
      attempt.state == .declinedSoft
        && !gateway.charges.contains { $0.request.invoice == attempt.invoice }
    }
    // Between a look and a call nobody sees it: docs/limits.md.
    let isAtWork = broker.contents.keys.contains {
      $0.hasPrefix(ServiceName.charger.rawValue) && !$0.hasSuffix(".dead")
    }
    let unsettled = Set(
      witness.attempts.values.filter(\.state.isUnsettled).map(\.invoice))
    let attempt = open.filter { !unsettled.contains($0.invoice) }.min { $0.key < $1.key }
    guard let attempt, !isAtWork else { return }
    hit(.byHand, attempt.invoice)
    gateway.payByHand(attempt)
  }

  private func importLate() async {
    do {
      let number = draw(1...options.accounts)
      let row = try usageRow("a-\(number)", hours: draw(1...100), id: "late-\(draw(1...1_000_000))")
      hit(.lateUsage, row.account)
      try await addUsage([row])
    } catch {
      fail("setup", "usage cannot be imported: \(error)")
    }
  }
}
