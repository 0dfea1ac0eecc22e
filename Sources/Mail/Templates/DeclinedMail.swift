extension MailTemplate {
  static let declined = MailTemplate(
    accent: "#b45309",
    subject: "Your card was declined: {{open}} for {{period}} is unpaid",
    text: """
      Hello {{name}},

      We tried to charge {{amount}} to your card for invoice {{invoiceNumber}} ({{period}}), \
      but the card was declined{{#reason}} ({{reason}}){{/reason}}. {{open}} is still unpaid.

      {{#nextAttempt}}
      We will try again on {{nextAttempt}}. Please make sure your card will work by then.
      {{/nextAttempt}}
      {{^nextAttempt}}
      We will not try this card again. \
      Please pay another way{{#dueDate}} by {{dueDate}}{{/dueDate}}.
      {{/nextAttempt}}

      """,
    html: MailLayout.headline("Your card was declined", "{{open}} is unpaid")
      + MailLayout.paragraph("Hello {{name}},")
      + MailLayout.paragraph(
        "We tried to charge {{amount}} to your card for invoice {{invoiceNumber}} ({{period}}), "
          + "but the card was declined{{#reason}} ({{reason}}){{/reason}}.")
      + MailLayout.paragraph(
        "{{#nextAttempt}}We will try again on <strong>{{nextAttempt}}</strong>. "
          + "Please make sure your card will work by then.{{/nextAttempt}}"
          + "{{^nextAttempt}}We will not try this card again. Please pay another way"
          + "{{#dueDate}} by <strong>{{dueDate}}</strong>{{/dueDate}}.{{/nextAttempt}}"))
}
