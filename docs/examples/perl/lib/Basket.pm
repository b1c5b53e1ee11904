# The program under test: a basket that lets OpenSRF do its sums.
package Basket;
use strict;
use warnings;

sub new { my ($class, $client) = @_; return bless { client => $client, prices => [] }, $class }
sub put { my ($self, $price) = @_; push @{ $self->{prices} }, $price; return $self }

sub total {
    my ($self) = @_;
    my ($total, @others) = @{ $self->{prices} };
    ($total) = $self->{client}->request('opensrf.math', 'add', $total, $_) for @others;
    return $total;
}

sub share {
    my ($self, $persons) = @_;
    my ($share) = $self->{client}->request('opensrf.math', 'divide', $self->total, $persons);
    return $share;
}

1;
