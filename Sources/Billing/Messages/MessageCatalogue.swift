/// Every message there is: who sends it, who hears it, and what it cannot do without.
///
/// The one place where this is written. The queues' bindings, what each user of the broker may
/// publish, whose event a service takes a message for, whose work the audit finds it to be, the
/// parts the gate asks for and the published AsyncAPI document are derived from it.
public struct CataloguedMessage: Sendable, Equatable {
  public var type: EventType
  /// In whose ledger entries it is; `nil` for a trigger, which no ledger has.
  public var sender: ServiceName?
  /// Publishes what the sender had to leave in the ledger, or a trigger.
  public var publishers: [ServiceName]
  /// Our services that hear it; empty for a fact that is published for other teams.
  public var receivers: [ServiceName]
  /// The parts of its data that it has at least. Senders may add others.
  public var required: [EventData.Part]

  public var routingKey: String { type.routingKey }
}

public enum MessageCatalogue {
  /// In the order of a close.
  public static let messages: [CataloguedMessage] = [
    trigger(.closeRequested, to: [.invoicer], needs: [.period]),
    message(.closeStarted, .invoicer, to: [.reporter], needs: [.period]),
    message(.closeRange, .invoicer, to: [.invoicer], needs: [.period, .range]),
    message(
      .invoiceIssued, .invoicer, to: [.charger, .mailer], needs: [.snapshot, .invoice]),
    message(.invoiceParked, .invoicer, to: [], needs: [.snapshot]),
    message(
      .chargeSucceeded, .charger, to: [.mailer, .holder],
      needs: [.snapshot, .invoice, .charge]),
    message(
      .chargeDeclined, .charger, to: [.mailer, .holder],
      needs: [.snapshot, .invoice, .charge]),
    message(.chargeSkipped, .charger, to: [.holder], needs: [.snapshot, .invoice]),
    message(.chargeParked, .charger, to: [], needs: [.snapshot]),
    message(.dueCharge, .charger, to: [.charger], needs: [.snapshot, .invoice]),
    message(.holdPlaced, .holder, to: [.mailer], needs: [.snapshot, .invoice]),
    message(.holdLifted, .holder, to: [.mailer], needs: [.snapshot]),
    message(.dueGrace, .holder, to: [.holder], needs: [.snapshot, .invoice]),
    command(.paymentRecorded, to: [.holder], needs: [.snapshot, .payment]),
    command(.creditGranted, to: [.holder], needs: [.snapshot, .payment]),
    message(
      .creditApplied, .invoicer, to: [.holder], needs: [.snapshot, .invoice, .payment]),
    message(.mailSent, .mailer, to: [], needs: [.snapshot, .mail]),
    message(.mailSuppressed, .mailer, to: [], needs: [.snapshot, .mail]),
    message(.mailRefused, .mailer, to: [], needs: [.snapshot, .mail]),
    message(.closeCompleted, .reporter, to: [.reporter], needs: [.period]),
  ]

  /// Bindings of version 0.1, when the reporter recorded every stage. The services that take an
  /// account to a stage record it now. A queue keeps its bindings until they are removed.
  public static let retiredBindings: [ServiceName: [String]] = [
    .reporter: ["invoice.*", "charge.*", "mail.*", "hold.*", "payment.*", "credit.*"]
  ]

  public static func message(_ type: EventType) -> CataloguedMessage {
    guard let message = byType[type] else { preconditionFailure("\(type) is in no catalogue") }
    return message
  }

  public static func published(by service: ServiceName) -> [CataloguedMessage] {
    messages.filter { $0.publishers.contains(service) }
  }

  /// The keys by which a service's queue gets what it hears.
  public static func bindingKeys(of service: ServiceName) -> [String] {
    messages.filter { $0.receivers.contains(service) }.map(\.routingKey)
  }

  /// Whether none of our services hears it: it is published for programs of other teams, and
  /// nothing is lost if there are none.
  public static func isForOthers(_ routingKey: String) -> Bool { forOthers.contains(routingKey) }

  // MARK: Entries

  private static let forOthers = Set(messages.filter(\.receivers.isEmpty).map(\.routingKey))
  private static let byType = Dictionary(uniqueKeysWithValues: messages.map { ($0.type, $0) })

  private static func message(
    _ type: EventType, _ sender: ServiceName, to receivers: [ServiceName],
    needs required: [EventData.Part]
  ) -> CataloguedMessage {
    CataloguedMessage(
      type: type, sender: sender, publishers: [sender], receivers: receivers, required: required)
  }

  /// Started from outside, by an operator or a timer.
  private static func trigger(
    _ type: EventType, to receivers: [ServiceName], needs required: [EventData.Part]
  ) -> CataloguedMessage {
    CataloguedMessage(
      type: type, sender: nil, publishers: [.closectl], receivers: receivers, required: required)
  }

  /// What an operator has recorded; the holder publishes what `closectl` could not.
  private static func command(
    _ type: EventType, to receivers: [ServiceName], needs required: [EventData.Part]
  ) -> CataloguedMessage {
    CataloguedMessage(
      type: type, sender: .closectl, publishers: [.closectl, .holder], receivers: receivers,
      required: required)
  }
}

extension EventType {
  /// The service whose event it is; `nil` for a trigger, which no ledger has.
  public var sender: ServiceName? { MessageCatalogue.message(self).sender }
}

/// The parts of the system that act, by the name of their queue; operators act as `closectl`.
public enum ServiceName: String, Sendable, CaseIterable, Codable {
  case invoicer, charger, mailer, holder, reporter, closectl

  /// Those with a queue, in the order of a close.
  public static let services: [ServiceName] = [.invoicer, .charger, .mailer, .holder, .reporter]
}
