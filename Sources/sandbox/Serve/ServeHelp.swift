/// The long text of `sandbox serve --help`: what is spoken, and how faults are set. Lines stay
/// below 80 columns, where the help would break them.
enum ServeHelp {
  static let text = """
    Implements the part of Stripe's API that month-close uses, over plain HTTP,
    for tests only:

      POST /v1/payment_intents
             amount, currency, confirm, off_session, payment_method, customer,
             metadata[…]
      POST /v1/payment_intents/ID/confirm
             payment_method, off_session
      GET  /v1/payment_intents/ID
      GET  /v1/payment_intents
             limit, starting_after, created[gte|gt|lte|lt]
      GET  /v1/payment_intents/search
             query=metadata['invoice']:'…' AND …, limit, page
      GET  /v1/charges, /v1/charges/ID
             paging as above, payment_intent

    Test cards have Stripe's names, such as pm_card_visa, pm_card_mastercard,
    pm_card_visa_chargeDeclinedInsufficientFunds,
    pm_card_visa_chargeDeclinedLostCard, pm_card_authenticationRequired.

    An Idempotency-Key works as at Stripe: the first answer is stored and
    replayed (even a 500), other parameters are an error, a key in use gives a
    409, and a key is forgotten after 24 hours of this gateway's time. With
    --without-keys, keys are ignored and every request is executed.

    Control interface, only from the loopback address and with the same key;
    bodies are JSON:

      GET    /_sandbox/summary        counts, sums, invoices charged twice
      GET    /_sandbox/charges        every succeeded charge; ?failed=true adds
                                      the failed ones
      GET    /_sandbox/faults         the faults that are set, with their hits
      POST   /_sandbox/faults         {"kind": KIND, "match": {…}, "ms": N,
                                       "retry_after": N}
      DELETE /_sandbox/faults[/ID]
      GET, POST, DELETE /_sandbox/outcomes
             card outcomes: {"account" or "payment_method": …, "times": N,
             "outcome": "succeeded" or a decline code}

    match: account, invoice, payment_method, path (a prefix; without it only
    POSTs under /v1/ match), nth (every nth matching request), times (at most
    this often). Faults and outcomes are kept in memory; the log, the charges
    and the stored answers survive a kill -9. Kinds of faults:

    \(kinds)
    """

  private static var kinds: String {
    InjectedFaultKind.allCases.map { kind in
      let name = kind.rawValue + String(repeating: " ", count: max(1, 18 - kind.rawValue.count))
      return "  \(name)\(kind.help)"
    }.joined(separator: "\n")
  }
}
