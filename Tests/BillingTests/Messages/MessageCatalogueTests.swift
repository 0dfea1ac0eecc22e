import Billing
import Testing

@Suite struct MessageCatalogueTests {
  @Test func everyTypeIsInTheCatalogueOnce() {
    let types = MessageCatalogue.messages.map(\.type)
    #expect(types.count == EventType.allCases.count)
    #expect(Set(types) == Set(EventType.allCases))
  }

  @Test func everyMessageIsSentAndHeard() {
    for message in MessageCatalogue.messages {
      #expect(!message.publishers.isEmpty && !message.receivers.isEmpty, "\(message.type)")
      #expect(message.receivers.allSatisfy(ServiceName.services.contains), "\(message.type)")
      let sender = message.sender ?? .closectl
      #expect(message.publishers.first == sender, "\(message.type)")
    }
  }

  /// Without the other types of its families, a service would hear more than the catalogue says.
  @Test func whoHearsAFamilyHearsAllOfIt() {
    for (service, families) in MessageCatalogue.families {
      for message in MessageCatalogue.messages {
        let family = String(message.routingKey.prefix { $0 != "." })
        if families.contains(family) {
          #expect(message.receivers.contains(service), "\(service): \(message.type)")
        }
      }
    }
  }

  /// Written down a second time on purpose: a change here is a change to every broker in use.
  @Test func bindingsAreThoseOfVersion0_1() {
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
      .reporter: [
        "invoice.*", "charge.*", "mail.*", "hold.*", "payment.*", "credit.*", "close.started",
        "close.completed",
      ],
    ]
    for service in ServiceName.services {
      #expect(MessageCatalogue.bindingKeys(of: service) == bindings[service], "\(service)")
    }
  }
}
