import Billing
import Ledger
import Testing

@testable import Operations
@testable import Services

@Suite struct CertificateTests {
  private static func closed() async throws -> World {
    let world = try await World(accounts: [.test("a"), .test("b"), .test("m", card: nil)])
    try await world.trigger()
    try await world.run()
    return world
  }

  @Test func `The same position gives the same bytes also after more postings`() async throws {
    let world = try await Self.closed()
    let report = try await world.audit()
    let first = try await Certificate.make(of: report, from: world.store)
    #expect(try await Certificate.make(of: report, from: world.store).bytes == first.bytes)
    _ = try await world.operations.recordPayment(
      account: "m", amount: Money(1081, .chf), reference: "r")
    try await world.run()
    let later = try await world.audit()
    #expect(later.position == report.position + 1)
    let again = try await Certificate.make(of: later, from: world.store, at: report.position)
    #expect(again.bytes == first.bytes)
    #expect(try await Certificate.make(of: later, from: world.store).bytes != first.bytes)
  }

  @Test func `It holds counts sums and the digest of the charges`() async throws {
    let world = try await Self.closed()
    let certificate = try await Certificate.make(of: world.audit(), from: world.store)
    let text = String(decoding: certificate.bytes, as: UTF8.self)
    let charges = world.gateway.charges.sorted { $0.id < $1.id }.map {
      CertifiedCharge(
        gatewayID: $0.id, invoice: $0.invoice, amountMinor: $0.amountMinor, currency: .chf)
    }
    #expect(charges.count == 2)
    #expect(text.contains("\"chargesSHA256\" : \"\(CertifiedCharge.digest(charges))\""))
    #expect(text.contains("\"collected\" : 2162"))
    #expect(text.contains("\"outstanding\" : 1081"))
    #expect(text.contains("\"invoicesPosted\" : 3"))
    #expect(text.contains("\"ledgerPosition\" : 5"))
    #expect(text.contains("\"I2\" : \"holds\""))
    #expect(text.contains("\"I12\" : \"not checked\""))
    #expect(text.hasSuffix("}\n"))
  }

  @Test func `There is none of a close that runs or in which something is broken`() async throws {
    let world = try await Self.closed()
    var report = try await world.audit()
    await #expect(throws: AuditFault.positionAhead(asked: 99, ledger: 5)) {
      try await Certificate.make(of: report, from: world.store, at: 99)
    }
    report.findings.append(AuditCheck.soundStore(["a problem"]))
    await #expect(throws: AuditFault.broken([.soundStore])) {
      try await Certificate.make(of: report, from: world.store)
    }
    let running = try await World(accounts: [.test("a")])
    try await running.trigger()
    try await running.step(.invoicer)
    let open = try await running.audit()
    await #expect(throws: AuditFault.notClosed(World.period)) {
      try await Certificate.make(of: open, from: running.store)
    }
  }

  /// FIPS 180-2, and one line as it is documented.
  @Test func `The digest is SHA 256`() {
    let digest = SHA256Digest()
    digest.update("a")
    digest.update("bc")
    #expect(
      digest.hexadecimal()
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256Digest().hexadecimal()
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    let charge = CertifiedCharge(
      gatewayID: "pi_1", invoice: "2026-11/a", amountMinor: 1081, currency: .chf)
    #expect(charge.line == "pi_1 2026-11/a 1081 CHF\n")
  }
}
