/// The long text of `sandbox serve --help`: what is spoken, and how faults are set. Lines stay
/// below 80 columns, where the help would break them.
enum ServeHelp {
  static let text = """
    Speaks the part of Stripe's API that month-close uses, on plain HTTP, for
    tests only:

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
             the same paging, payment_intent

    Test cards have Stripe's names, such as pm_card_visa, pm_card_mastercard,
    pm_card_visa_chargeDeclinedInsufficientFunds,
    pm_card_visa_chargeDeclinedLostCard, pm_card_authenticationRequired.

    An Idempotency-Key works as Stripe's: the first answer is stored and
    replayed (a 500 too), other parameters are an error, a key in use is a 409,
    and after 24 hours of this gateway's time a key is forgotten. With
    --without-keys it knows no keys, and no answer repeats one.

    Control, from the loopback address and with the same key; bodies are JSON:

      GET    /_sandbox/summary        counts, sums, invoices charged twice
      GET    /_sandbox/charges        every succeeded charge; ?failed=true for
                                      the others too
      GET    /_sandbox/faults         the faults that are set, with their hits
      POST   /_sandbox/faults         {"kind": KIND, "match": {…}, "ms": N,
                                       "retry_after": N}
      DELETE /_sandbox/faults[/ID]
      GET, POST, DELETE /_sandbox/outcomes
             what cards give: {"account" or "payment_method": …, "times": N,
             "outcome": "succeeded" or a decline code}

    match: account, invoice, payment_method, path (the beginning of one; without
    it only POSTs under /v1/ are met), nth (every nth request that matches),
    times (only so often). Faults and outcomes are kept in memory; the log, the
    charges and the stored answers survive a kill -9. Kinds of faults:

    \(kinds)
    """

  private static var kinds: String {
    FaultKind.allCases.map { kind in
      let name = kind.rawValue + String(repeating: " ", count: max(1, 18 - kind.rawValue.count))
      return "  \(name)\(kind.help)"
    }.joined(separator: "\n")
  }
}
