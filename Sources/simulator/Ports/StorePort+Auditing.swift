import Billing
import Ledger

/// What an audit asks goes to the ledger as it is.
extension StorePort {
  func position() async throws -> Int64 { try await read { try await inner.position() } }

  func balanceTally() async throws -> BalanceTally {
    try await read { try await inner.balanceTally() }
  }

  func invoiceTally(_ period: Period) async throws -> InvoiceTally {
    try await read { try await inner.invoiceTally(period) }
  }

  func auditedAttempts(_ period: Period) async throws -> [AuditedAttempt] {
    try await read { try await inner.auditedAttempts(period) }
  }

  func chargesWithoutAttempt() async throws -> Violations {
    try await read { try await inner.chargesWithoutAttempt() }
  }

  func memberTally(_ period: Period) async throws -> MemberTally {
    try await read { try await inner.memberTally(period) }
  }

  func repetitionTally() async throws -> RepetitionTally {
    try await read { try await inner.repetitionTally() }
  }

  func consumptionTally() async throws -> ConsumptionTally {
    try await read { try await inner.consumptionTally() }
  }

  func unfoundedMails(_ period: Period) async throws -> Violations {
    try await read { try await inner.unfoundedMails(period) }
  }

  func authorship() async throws -> [Provenance] {
    try await read { try await inner.authorship() }
  }

  func conservation(_ period: Period) async throws -> [ConservationTally] {
    try await read { try await inner.conservation(period) }
  }

  func entrySums(_ period: Period, upTo position: Int64) async throws -> [EntrySum] {
    try await read { try await inner.entrySums(period, upTo: position) }
  }

  func auditedMails(_ period: Period) async throws -> [AuditedMail] {
    try await read { try await inner.auditedMails(period) }
  }

  func knownMessageIDs(_ ids: [String]) async throws -> Set<String> {
    try await read { try await inner.knownMessageIDs(ids) }
  }

  func deliveryTally(
    _ period: Period, to service: ServiceName, routingKeys: [String]
  ) async throws -> DeliveryTally {
    try await read {
      try await inner.deliveryTally(period, to: service, routingKeys: routingKeys)
    }
  }

  func committedBodies(_ ids: [String]) async throws -> [String: [[UInt8]]] {
    try await read { try await inner.committedBodies(ids) }
  }
}
