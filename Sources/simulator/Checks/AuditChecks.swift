import Billing
import Ledger
import Operations
import Payments
import Services

extension Simulation {
  /// The audit operators run, over the simulated gateway, mails and queues: everything it can see
  /// has to hold.
  func checkAudit() async {
    do {
      let report = try await Audit(auditSources).run(Self.period)
      for finding in report.findings where finding.verdict == .broken && !isExcused(finding) {
        let ids = finding.violations.ids.prefix(3).joined(separator: ", ")
        fail(finding.invariant.rawValue, "audit: \(finding.summary) \(ids)")
      }
      if !report.isQuiet { fail("L1", "the audit reports that it is not quiet") }
    } catch {
      fail("I10", "the audit cannot be run: \(error)")
    }
  }

  /// A charge whose answer was about something else is parked, and its money not posted: a person
  /// has to look, and until then gateway and ledger do differ.
  private func isExcused(_ finding: AuditFinding) -> Bool {
    finding.invariant == .gatewayEqualsLedger && gateway.charges.contains(where: \.wasDenied)
  }

  private var auditSources: AuditSources {
    AuditSources(
      ledger: store, charges: { [self] _, _ in gateway.list },
      deliveredMails: { [self] in
        post.delivered.flatMap { id, times in
          [String](repeating: String(id.prefix { $0 != "@" }), count: times)
        }
      },
      depth: { [self] in try await broker.depth(of: $0) },
      browse: { [self] queue, visit in try await broker.browse(queue, page: 100, visit) },
      retryDelays: settings.retryDelays, clock: LedgerClock { [self] in time })
  }
}

extension SimulatedGateway {
  /// Newest first.
  var list: GatewayChargePage {
    GatewayChargePage(charges: all.reversed().map(\.listed), hasMore: false)
  }
}

extension SimulatedGateway.Charge {
  var listed: GatewayCharge {
    GatewayCharge(
      id: "ch_\(id)", payment: id, invoice: request.invoice,
      attempt: isByHand ? nil : request.attempt, amountMinor: request.amountMinor,
      currency: request.currency.code, state: hasFailed ? .failed : .succeeded,
      createdAt: Simulation.start.adding(milliseconds: at))
  }
}
