import Billing
import Broker
import Ledger
import Testing

@testable import Services

/// Types and versions of a later program that this one does not know.
@Suite struct UnknownVersionTests {
  @Test(arguments: ["invoice.issued.v2", "invoice.issued.v10", "invoice.cancelled.v1"])
  func `Goes to the dead letters with its reason and disturbs nobody`(_ type: String) async throws {
    let world = try await World(accounts: [.test("a")])
    let text = try EventSamples.text(.invoiceIssued)
      .replacing("\"invoice.issued.v1\"", with: "\"\(type)\"")
    let message = OutgoingMessage(
      exchange: MonthClose.exchange, routingKey: "invoice.issued", messageID: "from-later",
      type: type, contentType: MonthClose.contentType, body: Array(text.utf8))
    _ = await world.broker.publish([message])
    try await world.trigger()
    try await world.run()
    for service in [ServiceName.charger, .mailer] {
      let letter = try #require(try await world.onlyLetter(of: service))
      #expect(letter.headers[Header.reason] == .string("unknown-type"))
      #expect(
        letter.headers[Header.error]
          == .string("type: expected a type and version this program knows, found \"\(type)\""))
      #expect(letter.body == Array(text.utf8))
    }
    #expect(try await world.ends() == [.paid: 1])
  }
}

extension World {
  func onlyLetter(of service: ServiceName) async throws -> Delivery? {
    let queue = MonthClose.deadQueue(of: service)
    guard try await broker.depth(of: queue)?.messages == 1 else { return nil }
    let consumer = try await broker.consume(queue, prefetch: 10)
    let found = await consumer.next(limit: 10, linger: .zero)
    await consumer.stop()
    return found?.count == 1 ? found?.first : nil
  }
}
