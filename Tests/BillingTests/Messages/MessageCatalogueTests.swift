import Billing
import Testing

@Suite struct MessageCatalogueTests {
  @Test func `Every type is in the catalogue once`() {
    let types = MessageCatalogue.messages.map(\.type)
    #expect(types.count == EventType.allCases.count)
    #expect(Set(types) == Set(EventType.allCases))
  }

  @Test func `Every message has a sender, and one that none of ours hears is a fact`() {
    for message in MessageCatalogue.messages {
      #expect(!message.publishers.isEmpty, "\(message.type)")
      #expect(MessageCatalogue.isForOthers(message.routingKey) == message.receivers.isEmpty)
      if message.receivers.isEmpty {
        #expect(message.sender != nil && !message.routingKey.hasPrefix("due."), "\(message.type)")
      }
      #expect(message.receivers.allSatisfy(ServiceName.services.contains), "\(message.type)")
      let sender = message.sender ?? .closectl
      #expect(message.publishers.first == sender, "\(message.type)")
    }
  }

  /// Written down a second time on purpose: a change here is a change to every broker in use.
  @Test func `Bindings are those of brokers in use, or retired`() {
    let bindings: [ServiceName: [String]] = [
      .invoicer: ["close.requested", "close.range"],
      .charger: ["invoice.issued", "due.charge"],
      .mailer: [
        "invoice.issued", "charge.succeeded", "charge.declined", "hold.placed", "hold.lifted",
      ],
      .holder: [
        "charge.succeeded", "charge.declined", "charge.skipped", "due.grace", "payment.recorded",
        "credit.granted", "credit.applied",
      ],
      .reporter: ["close.started", "close.completed"],
    ]
    #expect(
      MessageCatalogue.retiredBindings == [
        .reporter: ["invoice.*", "charge.*", "mail.*", "hold.*", "payment.*", "credit.*"]
      ])
    for service in ServiceName.services {
      #expect(MessageCatalogue.bindingKeys(of: service) == bindings[service], "\(service)")
    }
  }
}
